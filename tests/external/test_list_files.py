"""Every form of file gives the same lists, and order, ties and users that nobody asked for are told apart."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.errors import InputError
from harness.external.list_files import read_lists
from harness.external.lists import checked_lists
from harness.external.request import Request
from tests.external.small import request_of_plan, small_plan, some_lists

LISTS = pd.DataFrame({"user": ["7", "7", "8"], "item": ["a", "b", "a"], "score": [0.1 + 0.2, -1e-300, 5.0]})


def write(lists: pd.DataFrame, path: Path) -> Path:
    """The lists in the form that the ending of the path names."""
    if path.name.endswith(".parquet"):
        lists.to_parquet(path)
    elif path.name.endswith(".jsonl"):
        lists.to_json(path, orient="records", lines=True, double_precision=15)
    elif path.name.endswith(".trec"):
        rows = lists.itertuples(index=False, name=None)
        path.write_text("".join(f"{user}\tQ0 {item} 0 {score!r} mine\n\n" for user, item, score in rows))
    else:
        text = lists.to_csv(index=False, sep="\t" if ".tsv" in path.name else ",")
        path.write_bytes(gzip.compress(text.encode()) if path.name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.tsv", "a.trec"])
def test_every_form_is_read_to_the_last_digit(tmp_path: Path, name: str) -> None:
    file = read_lists(write(LISTS, tmp_path / name))
    assert file.users.tolist() == LISTS["user"].tolist()
    assert file.items.tolist() == LISTS["item"].tolist()
    assert file.scores.tolist() == LISTS["score"].tolist()
    assert file.splits is None, "a tag that is no checksum is only a tag"


def test_json_lines_are_read(tmp_path: Path) -> None:
    file = read_lists(write(LISTS.assign(score=[3, 2, 1]), tmp_path / "a.jsonl"))
    assert (file.users.tolist(), file.scores.tolist()) == (["7", "7", "8"], [3.0, 2.0, 1.0])


@pytest.mark.parametrize("kind", ["int64", "uint16", "category", "string"])
def test_ids_of_parquet_are_what_they_look_like(tmp_path: Path, kind: str) -> None:
    file = read_lists(write(LISTS.astype({"user": kind}), tmp_path / "a.parquet"))
    assert file.users.tolist() == ["7", "7", "8"]


def test_ranks_and_scores(tmp_path: Path) -> None:
    ranked = LISTS.drop(columns="score").assign(rank=[1, 2, 1])
    file = read_lists(write(ranked, tmp_path / "ranks.csv"))
    assert file.has_ranks
    assert file.scores.tolist() == [-1.0, -2.0, -1.0]
    both = read_lists(write(LISTS.assign(rank=[1, 2, 1]), tmp_path / "both.csv"))
    assert not both.has_ranks
    assert both.scores.tolist() == LISTS["score"].tolist()


def test_levels_keep_order_and_ties(tmp_path: Path) -> None:
    request = request_of_plan(small_plan(tmp_path, ["MostPop"]))
    lists = some_lists(request)
    lists["score"] = [(1e300, 0.5, 0.5, -1e300)[min(place, 3)] for place in lists.groupby("user").cumcount()]
    checked = checked_lists(write(lists, tmp_path / "mine.parquet"), request)
    user = request.users[0]
    own = lists[lists["user"] == request.dataset.users[user]]
    levels = checked.levels[user].toarray().ravel()[pd.Index(request.dataset.items).get_indexer(own["item"])]
    assert levels.tolist() == [3, 2, 2, *([1] * (len(own) - 3))]
    assert checked.levels.nnz == len(lists)
    assert np.array_equal(
        checked.scorer(request.users[:2]).numpy(), checked.levels[request.users[:2]].toarray()
    )


def other_users(request: Request) -> pd.DataFrame:
    """Lists of users who are not asked for, which hold even train pairs."""
    train = request.dataset.train[~np.isin(request.dataset.train[:, 0], request.users)]
    ids = request.dataset.users[train[:, 0]], request.dataset.items[train[:, 1]]
    return pd.DataFrame({"user": ids[0], "item": ids[1], "score": 1.0})


def test_users_who_are_not_asked_for_are_counted(tmp_path: Path) -> None:
    request = request_of_plan(
        small_plan(tmp_path, ["MostPop"], dataset={"split": {"shares": [0.9, 0.05, 0.05]}})
    )
    others = other_users(request)
    assert len(others)
    lists = pd.concat([some_lists(request).drop(columns="split"), others])
    summary = checked_lists(write(lists, tmp_path / "mine.csv"), request).summary
    count = others["user"].nunique()
    assert f"{count} lists of users who have no test pair left out" in summary
    assert "the file does not say which split it is of" in summary


def test_a_tag_that_is_a_checksum_is_compared(tmp_path: Path) -> None:
    request = request_of_plan(small_plan(tmp_path, ["MostPop"]))
    path = write(some_lists(request).drop(columns="split"), tmp_path / "mine.trec")
    path.write_text(path.read_text().replace(" mine\n", f" {request.split}\n"))
    assert checked_lists(path, request).levels.nnz
    path.write_text(path.read_text().replace(request.split, "0123456789abcdef"))
    with pytest.raises(InputError, match=r"mine.trec, row 1: is of the split '0123456789abcdef'"):
        checked_lists(path, request)
