"""Pairs that stand in several rows: refused by default, otherwise one row is kept and the others counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import TypeAdapter

from harness.data.prepare import prepare
from harness.data.repeated_pairs import drop_repeats
from harness.data.sources import read_table
from harness.data.spec import Movielens, SourceSpec, SplitSpec, Table
from harness.data.table_rows import TableColumns
from harness.errors import InputError
from harness.planning.datasets import DatasetVariant

SOURCE: TypeAdapter[Any] = TypeAdapter(SourceSpec)

LOG = """user,item,rating,time
a,x,3,10
b,x,1,20
a,x,5,30
a,y,2,40
a,x,5,20
b,x,4,5
"""


def log(folder: Path, *columns: str) -> pd.DataFrame:
    (folder / "log.csv").write_text(LOG)
    names = {"user": "user", "item": "item", "rating": "rating", "timestamp": "time"}
    wanted = {name: names[name] for name in ("user", "item", *columns)}
    return read_table(folder / "log.csv", TableColumns(wanted)).frame


@pytest.mark.parametrize(
    ("kept", "rows"),
    [("first", [2, 3, 5]), ("last", [5, 6, 7]), ("best", [4, 5, 7])],
)
def test_one_row_of_each_pair_is_kept(tmp_path: Path, kept: Any, rows: list[int]) -> None:
    frame, notes = drop_repeats(log(tmp_path, "rating", "timestamp"), kept, "log.csv")
    assert (frame.index + 2).tolist() == rows, "the header is row 1"
    assert notes == (
        f"3 rows that repeated a pair of user and item were dropped; the {kept} row of each pair was kept",
    )


def test_the_best_row_needs_a_rating_or_a_time(tmp_path: Path) -> None:
    assert drop_repeats(log(tmp_path, "timestamp"), "best", "log.csv")[0].index.tolist() == [1, 2, 3]
    assert drop_repeats(log(tmp_path, "rating"), "best", "log.csv")[0].index.tolist() == [2, 3, 5]
    with pytest.raises(InputError, match=r"log.csv: `duplicates: best` needs a rating or a timestamp column"):
        drop_repeats(log(tmp_path), "best", "log.csv")


def repeated(folder: Path, **more: Any) -> Any:
    """A log in which user u0 rates item i0 three times: 5, 1 and 3."""
    rows = [(f"u{user}", f"i{(user + step) % 6}", 5) for user in range(12) for step in range(4)]
    rows += [("u0", "i0", 1), ("u0", "i0", 3)]
    pd.DataFrame(rows, columns=["user", "item", "rating"]).to_csv(folder / "log.csv", index=False)
    return SOURCE.validate_python({"kind": "table", "path": folder / "log.csv", "rating": "rating", **more})


@pytest.mark.parametrize(("kept", "pairs"), [("first", 48), ("last", 47), ("best", 48)])
def test_the_kept_row_decides_whether_the_pair_is_positive(tmp_path: Path, kept: str, pairs: int) -> None:
    made = prepare("d", repeated(tmp_path, duplicates=kept, min_rating=4), SplitSpec(), 0)
    assert len(made.train) + len(made.valid) + len(made.test) == pairs
    assert any("2 rows that repeated a pair of user and item were dropped" in note for note in made.notes)


def test_a_pair_twice_is_refused_by_default(tmp_path: Path) -> None:
    hint = r"log.csv, row 50: duplicate, user 'u0' with item 'i0' stands twice .also .*log.csv, row 2.; expected it once"
    with pytest.raises(InputError, match=hint):
        prepare("d", repeated(tmp_path), SplitSpec(), 0)
    assert prepare("d", repeated(tmp_path, min_rating=4), SplitSpec(), 0), (
        "the repeated rows are no positives"
    )


def test_a_pair_in_two_splits_is_counted(tmp_path: Path) -> None:
    rows = [
        (f"u{user}", f"i{step}", ("train", "valid", "test")[step % 3])
        for user in range(5)
        for step in range(6)
    ]
    rows += [("u1", "i0", "test"), ("u1", "i1", "valid")]
    pd.DataFrame(rows, columns=["user", "item", "split"]).to_csv(tmp_path / "log.csv", index=False)
    source = {"kind": "table", "path": tmp_path / "log.csv", "split": "split"}
    with pytest.raises(InputError, match="overlap, user 'u1' with item 'i0' stands in train and test"):
        prepare("d", SOURCE.validate_python(source), SplitSpec(kind="given"), 0)
    made = prepare("d", SOURCE.validate_python({**source, "duplicates": "first"}), SplitSpec(kind="given"), 0)
    assert len(made.train) == len(made.test) == 10
    assert any(note.endswith("; 1 pair had rows in several splits") for note in made.notes)


def test_a_source_without_the_key_is_stored_as_before() -> None:
    plain = Movielens(kind="movielens")
    assert "duplicates" not in plain.model_dump()
    assert "duplicates" not in plain.model_dump(mode="json")
    assert Movielens(kind="movielens", duplicates="best").model_dump()["duplicates"] == "best"
    variant = DatasetVariant(family="m", source=plain)
    assert "duplicates" not in variant.stored()["source"]
    again = DatasetVariant.from_stored(variant.stored(), "m")
    assert again == variant
    other = DatasetVariant(family="m", source=Movielens(kind="movielens", duplicates="last"))
    assert DatasetVariant.from_stored(other.stored(), "m") == other
    assert other.key(1) != variant.key(1)


def test_the_key_takes_four_values() -> None:
    with pytest.raises(ValueError, match="'refuse', 'first', 'last' or 'best'"):
        Table(kind="table", path=Path("log.csv"), duplicates="any")  # type: ignore[arg-type]
