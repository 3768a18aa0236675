"""Joins of ids are counted, refuse none, and name ids that differ only in form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.data.joins import join, read_ids, same_form_note, texts_by_id
from harness.errors import InputError

FILE = Path("users.csv")


def test_a_whole_join_has_positions_and_no_note() -> None:
    match = join(FILE, ["b", "a", "c"], np.array(["a", "b"]), "user", "profile")
    assert match.positions.tolist() == [1, 0]
    assert (match.missing, match.notes, match.hint) == ((), (), "")
    match.require_all(FILE, "user", "text", "expected one for each")


def test_a_part_is_noted_with_its_count() -> None:
    wanted = [f"u{number}" for number in range(1204)]
    match = join(FILE, wanted[:1000], wanted, "user", "profile")
    assert match.notes == ("1,000 of 1,204 users have a profile",)
    assert match.missing[0] == "u1000"
    assert set(match.positions[1000:]) == {-1}
    assert join(FILE, ["a"], ["a", "b"], "item", "entry").notes == ("1 of 2 items has an entry",)
    with pytest.raises(
        InputError, match=r"users.csv: no text for user 'u1000' \(204 users in all\); expected one$"
    ):
        match.require_all(FILE, "user", "text", "expected one")


@pytest.mark.parametrize(
    ("wanted", "ids", "hint"),
    [
        (["12.0"], ["12", "13"], "the dataset's '12.0' and the file's '12' differ only in form"),
        (["12"], ["7", "12.0"], "the dataset's '12' and the file's '12.0' differ only in form"),
        (["007"], ["7"], "the dataset's '007' and the file's '7' differ only in form"),
        (["a", "u1 "], ["u1", "u2"], "the dataset's 'u1 ' and the file's 'u1' differ only in form"),
        (["ABC"], ["abc"], "the dataset's 'ABC' and the file's 'abc' differ only in form"),
        (["a"], ["1"], "the dataset has ids such as 'a', the file '1'"),
        (["12.5"], ["12"], "the dataset has ids such as '12.5', the file '12'"),
        (["a"], [], "the file has no row with an id and a text"),
    ],
)
def test_none_is_refused_with_a_hint(wanted: list[str], ids: list[str], hint: str) -> None:
    with pytest.raises(
        InputError, match=rf"users.csv: none of the {len(wanted)} users? has a profile; {hint}$"
    ):
        join(FILE, ids, wanted, "user", "profile")


def test_a_part_with_ids_of_another_form_says_so() -> None:
    match = join(FILE, ["1", "2"], ["1", "2.0"], "user", "profile")
    note = "1 of 2 users has a profile; the dataset's '2.0' and the file's '2' differ only in form"
    assert match.notes == (note,)


def test_an_id_twice_is_refused() -> None:
    with pytest.raises(InputError, match=r"users.csv: user 'a' has two profiles; expected one"):
        join(FILE, ["a", "b", "a"], ["a"], "user", "profile")


def test_texts_by_id_leave_out_rows_without_id_or_text(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("iid,title,about\n3,Three,\n,Nobody,\n1,,\n2, ,word\n4,Four,other\n")
    columns = {"title": ["title"], "all": ["title", "about"]}
    texts, match = texts_by_id(path, "iid", columns, np.array(["1", "2", "3", "9"]), "item", "description")
    assert texts == {"title": ["", "", "Three", ""], "all": ["", "word", "Three", ""]}
    assert match.missing == ("1", "9")
    assert match.notes == (
        "2 of 4 items have a description",
        "items.csv has 1 row without an id, which is left out",
    )
    path.write_text("iid,title\n3,Three\n4,\n3,\n")
    with pytest.raises(InputError, match=r"items.csv, row 4: item '3' has two descriptions"):
        texts_by_id(path, "iid", {"title": ["title"]}, np.array(["3"]), "item", "description")


def test_files_of_ids_have_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.ids"
    path.write_bytes("\ufeffThe Item 1\r\n007\r\n caf\u00e9\n\n".encode())
    assert read_ids(path) == ["The Item 1", "007", " caf\u00e9"]
    for content, hint in (
        (b"a\n\nb\n", "rows.ids, row 2: no id"),
        (b"a\nb\na\n", "rows.ids, row 3: 'a' stands in row 1 too"),
        (b"caf\xe9\n", "rows.ids: unreadable .byte 0xe9 is not UTF-8."),
        (b"", "rows.ids, row 1: no id"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=hint):
            read_ids(path)


def test_ids_of_one_dataset_that_differ_only_in_form_are_noted() -> None:
    assert same_form_note(["a", "b", "12.5", "12"], "user") is None
    note = same_form_note(np.array(["1", "1.0", "u", "U", "u ", "x"]), "item")
    assert note == (
        "5 items have an id that differs from another only in form, such as '1' and '1.0'; they count as "
        "different items"
    )
