"""Text files are read as they are written, or refused by file and row."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from harness.data.json_lines import words
from harness.data.prepare import prepare
from harness.data.spec import SourceSpec, SplitSpec
from harness.data.text_files import read_frame
from harness.errors import InputError
from tests.data.table_corpus import ITEMS, USERS, cases

SOURCE: TypeAdapter[Any] = TypeAdapter(SourceSpec)


def failure(case: Any) -> str | None:
    """What went wrong with a case; None if it was read or refused as it should be."""
    try:
        made = prepare("d", SOURCE.validate_python(case.source), SplitSpec(), 0)
    except InputError as error:
        message = str(error)
        right = case.refused is not None and re.search(case.refused, message) and "\n" not in message
        return None if right else message
    users, items = case.users or USERS, case.items or ITEMS
    if case.refused is not None or set(made.users) != users or set(made.items) != items:
        return f"read, with {sorted(made.users)[:4]} and {sorted(made.items)[:4]}"
    return None


def test_every_case_is_read_or_refused_as_it_should_be(tmp_path: Path) -> None:
    failures = [
        f"{case.kind}, {case.title}: {reason}" for case in cases(tmp_path) if (reason := failure(case))
    ]
    assert failures == []


def test_the_corpus_tries_what_it_says(tmp_path: Path) -> None:
    tried = Counter(case.kind for case in cases(tmp_path))
    assert len(tried) >= 30
    assert sum(tried.values()) >= 350


def test_cells_are_texts_and_the_index_has_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 12, "x": 1.50}\n\n{"id": 9007199254740993, "y": [1, {"a": null, "b": true}]}\n')
    frame = read_frame(path)
    assert frame.to_dict("list") == {
        "id": ["12", "9007199254740993"],
        "x": ["1.50", ""],
        "y": ["", "1, a . b True"],
    }
    assert frame.index.tolist() == [1, 3]
    path = tmp_path / "a.csv"
    path.write_text('id,x\n007,"two\nlines"\n\n1e5, padded \n')
    frame = read_frame(path)
    assert frame.to_dict("list") == {"id": ["007", "1e5"], "x": ["two\nlines", " padded "]}
    assert frame.index.tolist() == [2, 4]


def test_a_long_field_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'id,x\n1,"{"long " * 100_000}"\n')
    assert len(read_frame(path)["x"].iloc[0]) == 500_000


def test_values_in_words() -> None:
    assert words({"author": ["Ann", "Bo"], "year": "1954"}) == "author Ann, Bo. year 1954"
    with pytest.raises(InputError, match="more than 20 deep"):
        words([[[[[[[[[[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]]]]]]]])


@pytest.mark.parametrize("name", ["log.csv", "log.tsv", "log.jsonl"])
def test_a_nul_character_is_no_text(name: str, tmp_path: Path) -> None:
    lines = {
        "log.csv": "user,item\na,x\nb\0,y\n",
        "log.tsv": "user\titem\na\tx\nb\0\ty\n",
        "log.jsonl": '{"user": "a", "item": "x"}\n\n{"user": "b\\u0000", "item": "y"}\n',
    }
    (tmp_path / name).write_text(lines[name])
    with pytest.raises(InputError, match=rf"{name}, (line|row) 3: .*NUL character"):
        read_frame(tmp_path / name)
