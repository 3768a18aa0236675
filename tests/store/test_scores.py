"""Scores of many runs come back by system, by run and by user."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.errors import InputError
from harness.store import scores


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    rows = {"a": (0.0, 1.0), "b": (0.5, 1.0), "c": (0.2, 0.3)}
    for name, values in rows.items():
        frame = pd.DataFrame({"user": ["u0", "u1"], "recall@20": values, "ndcg@20": 1.0})
        (frame[::-1] if name == "b" else frame).to_parquet(tmp_path / name, index=False)
    return [tmp_path / name for name in rows]


def test_means_of_runs_keep_the_order_asked_for(files: list[Path]) -> None:
    found = scores.run_means(files[::-1])
    assert found.columns.tolist() == ["recall@20", "ndcg@20"]
    assert found["recall@20"].tolist() == pytest.approx([0.25, 0.75, 0.5])


def test_users_are_matched_by_name_not_by_place(files: list[Path]) -> None:
    found = scores.by_run(files, ["recall@20"])["recall@20"]
    assert found.loc["u0"].tolist() == [0.0, 0.5, 0.2]
    assert found.loc["u1"].tolist() == [1.0, 1.0, 0.3]


def test_a_broken_file_is_named(files: list[Path]) -> None:
    files[0].write_text("gone")
    for ask in (lambda: scores.run_means(files), lambda: scores.by_run(files, ["recall@20"])):
        with pytest.raises(InputError, match=f"(?s){files[0].parent}.*store verify"):
            ask()


@pytest.mark.parametrize(
    ("column", "values", "why"),
    [
        ("recall@20", [0.1, float("nan")], "a score is no number"),
        ("recall@20", [0.1, float("inf")], "a score is no number"),
        ("user", ["u0", "stranger"], "the users are not those of the dataset's other runs"),
        ("user", ["u0", "u0"], "the users are not those of the dataset's other runs"),
    ],
)
def test_scores_that_were_changed_with_their_checksum_are_named(
    files: list[Path], column: str, values: list[object], why: str
) -> None:
    pd.read_parquet(files[2]).assign(**{column: values}).to_parquet(files[2], index=False)
    with pytest.raises(InputError, match=f"{files[2].name}: {why}"):
        scores.by_run(files, ["recall@20"])
