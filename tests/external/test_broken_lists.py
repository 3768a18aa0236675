"""A broken file from elsewhere ends in one sentence with exit code 2, and the store stays as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.external.request import Request
from tests.external.small import request_of_plan, small_plan, some_lists
from tests.worlds import intentbench

Change = Callable[[pd.DataFrame, Request], pd.DataFrame]


def changed_cell(column: str, value: object) -> Change:
    def change(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
        lists = lists.astype({column: object})
        lists.loc[30, column] = value
        return lists

    return change


def with_train_pair(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
    dataset = request.dataset
    user = list(dataset.users).index(lists.loc[30, "user"])
    lists.loc[30, "item"] = dataset.items[dataset.train[dataset.train[:, 0] == user][0, 1]]
    return lists


def with_item_twice(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
    lists.loc[30, "item"] = lists.loc[29, "item"]
    return lists


def without_a_user(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
    return lists[lists["user"] != lists.loc[30, "user"]]


def too_short(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
    return lists.groupby("user", sort=False).head(9)


def with_a_rank_twice(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
    lists["rank"] = lists.groupby("user").cumcount() + 1
    lists.loc[30, "rank"] = lists.loc[29, "rank"]
    return lists.drop(columns="score")


def with_a_half_rank(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
    return changed_cell("rank", 1.5)(with_a_rank_twice(lists, request), request)


def with_distances(lists: pd.DataFrame, request: Request) -> pd.DataFrame:
    lists["rank"] = lists.groupby("user").cumcount() + 1
    return lists.assign(score=-lists["score"])


BROKEN: dict[str, tuple[Change, str]] = {
    "of another split": (
        changed_cell("split", "0123456789abcdef"),
        r", row 32: is of the split '0123456789abcdef'; expected '[0-9a-f]{16}', which `intentbench split export`",
    ),
    "an unknown user": (
        changed_cell("user", "nobody"),
        r", row 32: unknown user 'nobody' \(1 user in all\); expected an id of the dataset such as 'u",
    ),
    "an unknown item": (
        changed_cell("item", "i0.0"),
        r", row 32: unknown item 'i0.0' \(1 item in all\); expected an id of the dataset such as 'i0'",
    ),
    "an item twice": (
        with_item_twice,
        r", row 32: the list of user 'u\d+' has the item 'i\d+' in row 31 too; expected each item once",
    ),
    "a train pair": (
        with_train_pair,
        r", row 32: the list of user 'u\d+' has the item 'i\d+', which is hidden from it \(1 such row in all\); "
        r"expected no item of the user's train pairs",
    ),
    "no number": (changed_cell("score", "nan"), r", row 32: the score is 'nan'; expected a finite number"),
    "an infinite score": (changed_cell("score", "inf"), r", row 32: the score is 'inf'; expected a finite number"),
    "no score": (changed_cell("score", None), r", row 32: the score is missing; expected a finite number"),
    "no user": (changed_cell("user", ""), r", row 32: no user; expected an id in every row"),
    "a missing user": (
        without_a_user,
        r": no list for user 'u\d+' \(1 user in all\); expected one for every user who has a test pair",
    ),
    "short lists": (
        too_short,
        r", row \d+: the list of user 'u\d+' ends after 9 items \(\d+ such lists in all\); expected at least 10, "
        r"since the largest k is 10",
    ),
    "a rank twice": (
        with_a_rank_twice,
        r", row 32: user 'u\d+' has the rank \d+ in row 31 too; expected each rank once, or scores",
    ),
    "half a rank": (with_a_half_rank, r", row 32: the rank is 1.5; expected a whole number such as 1"),
    "distances": (
        with_distances,
        r", row 3: rank 2 of user 'u\d+' has a higher score than rank 1 in row 2; expected scores that fall",
    ),
    "no row": (lambda lists, request: lists.head(0), ": holds no row; expected one for each recommended item"),
    "no column of items": (
        lambda lists, request: lists.rename(columns={"item": "movie"}),
        r": no column 'item'; expected one of \['movie', 'score', 'split', 'user'\]",
    ),
    "no column of scores": (
        lambda lists, request: lists.drop(columns="score"),
        r": has the columns \['item', 'split', 'user'\]; expected 'score' or 'rank' too",
    ),
}  # fmt: skip
"""By what is wrong: the change that breaks sound lists, and what is said."""


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> Request:
    return request_of_plan(small_plan(tmp_path_factory.mktemp("sound"), ["MostPop"]))


def refused(folder: Path, sentence: str) -> None:
    """Both commands refuse the files of a plan with this sentence, and write nothing."""
    plan = small_plan(folder, ["MostPop", {"name": "Mine", "lists": "mine.*"}])
    store = folder / "store"
    for command in (("data", "check"), ("run",)):
        result = intentbench(*command, plan, "--store", store)
        assert result.exit_code == 2, result.output
        (line,) = [line for line in result.output.splitlines() if line.startswith("intentbench: ")]
        assert re.match(rf"intentbench: Mine: {re.escape(str(folder))}/mine\.\w+{sentence}", line), line
        assert not store.exists()


@pytest.mark.parametrize("wrong", BROKEN)
def test_broken_lists_are_refused(wrong: str, request_: Request, tmp_path: Path) -> None:
    change, sentence = BROKEN[wrong]
    change(some_lists(request_), request_).to_csv(tmp_path / "mine.csv", index=False)
    refused(tmp_path, sentence)


def test_the_rows_of_parquet_begin_with_1(request_: Request, tmp_path: Path) -> None:
    lists = some_lists(request_)
    lists.loc[30, "score"] = np.nan
    lists.to_parquet(tmp_path / "mine.parquet")
    refused(tmp_path, ", row 31: the score is nan; expected a finite number")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("mine.parquet", b"PAR1 and no more", r": unreadable \(.*\); expected a parquet file"),
        (
            "mine.trec",
            b"u1 Q0 i1 1 0.5\n",
            r", row 1: 5 fields; expected six as in `user Q0 item rank score tag`",
        ),
        (
            "mine.txt",
            b"u1 i1 0.5\n",
            r": unknown kind of file; expected lists in a file that ends in one of \.parq",
        ),
        ("mine.csv", b"user,item,score\nu1,i1\n", r", row 2: 2 fields; expected 3, as in the header"),
    ],
)
def test_files_of_no_known_form_are_refused(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path, sentence)


def test_ids_of_parquet_must_not_be_fractions(request_: Request, tmp_path: Path) -> None:
    lists = some_lists(request_)
    lists.assign(user=1.0).to_parquet(tmp_path / "mine.parquet")
    refused(tmp_path, ": the column 'user' holds double; expected ids as text or whole numbers")
