"""Splits by user as RecBole makes them, and notes on users without test pairs or without negatives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.data.coverage import untested_note, without_negatives_note
from harness.data.dataset import SPLITS
from harness.data.describe import describe
from harness.data.prepare import prepare
from harness.data.spec import Movielens, SplitSpec, Table
from harness.data.splits import held_out_counts, labels
from harness.testing.world import checkerboard

SHARES = [
    [0.8, 0.1, 0.1],
    [0.6, 0.2, 0.2],
    [0.5, 0.25, 0.25],
    [0.7, 0.1, 0.2],
    [0.1, 0.1, 0.8],
    [0.9, 0.05, 0.05],
]


@pytest.mark.parametrize("shares", SHARES)
def test_counts_by_user_are_those_of_recbole(shares: list[float]) -> None:
    from recbole.data.dataset import Dataset as Theirs

    for count in range(1, 120):
        first, second = Theirs._calcu_split_ids(None, count, shares)
        valid, test = held_out_counts(np.array([count]), shares)
        assert (int(valid[0]), int(test[0])) == (second - first, count - second), count


def test_a_share_that_floats_make_too_small_is_rounded() -> None:
    assert held_out_counts(np.array([100]), [0.42, 0.29, 0.29])[1] == 29


def users_with(counts: range) -> pd.DataFrame:
    """One user with each number of interactions."""
    return pd.DataFrame(
        [(f"u{count}", f"i{item}") for count in counts for item in range(count)], columns=["user", "item"]
    )


def test_users_with_few_interactions_are_tested() -> None:
    """Users with 5 to 9 pairs had none for the test at .8/.1/.1, since a tenth of these is less than one."""
    frame = users_with(range(1, 31))
    split = labels(frame, "per_user", [0.8, 0.1, 0.1], 0, "here")
    counts = pd.crosstab(frame["user"], split).reindex(columns=list(SPLITS), fill_value=0)
    for count in range(1, 31):
        tenth = count // 10
        wanted = (0, 0) if count == 1 else (0, 1) if count == 2 else (max(tenth, 1), max(tenth, 1))
        assert tuple(counts.loc[f"u{count}", ["valid", "test"]]) == wanted, count


def written(folder: Path, frame: pd.DataFrame) -> Table:
    frame.to_csv(folder / "log.csv", index=False)
    timestamp = "timestamp" if "timestamp" in frame else None
    return Table(kind="table", path=folder / "log.csv", timestamp=timestamp)


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("per_user", "1 of 30 users has no test pair, because a user needs at least 2 interactions for one"),
        (
            "leave_one_out",
            "2 of 30 users have no test pair, because a user needs at least 3 interactions for one",
        ),
        ("random", r"\d of 30 users have no test pair, because a random split may leave a user without one"),
        ("temporal", r"\d+ of 30 users have no test pair, because only the latest interactions are tested"),
        ("cold_users", "24 of 30 users have no test pair, because only users that were held out are tested"),
    ],
)
def test_users_without_test_pairs_are_counted_with_the_reason(tmp_path: Path, kind: str, note: str) -> None:
    import re

    frame = users_with(range(1, 31)).assign(timestamp=range(465))
    made = prepare("d", written(tmp_path, frame), SplitSpec.model_validate({"kind": kind}), 0)
    assert [text for text in made.notes if re.fullmatch(note, text)]


def test_a_dataset_whose_users_are_all_tested_has_no_note() -> None:
    dataset = checkerboard()
    assert untested_note(dataset, "random", merged=False) is None
    assert without_negatives_note(dataset) is None
    some = replace(dataset, test=dataset.test[dataset.test[:, 0] > 2])
    note = untested_note(some, "given", merged=True)
    assert note == (
        "3 of 40 users have no test pair, because the source's split has none, or because duplicate items "
        "were merged"
    )


def test_a_user_with_every_item_is_named(tmp_path: Path) -> None:
    rows = [
        (f"u{user}", f"i{item}", "train") for user in range(4) for item in range(6) if user == 1 or item % 2
    ]
    rows += [("u0", "i0", "valid"), ("u2", "i2", "test")]
    frame = pd.DataFrame(rows, columns=["user", "item", "split"])
    frame.to_csv(tmp_path / "log.csv", index=False)
    source = Table(kind="table", path=tmp_path / "log.csv", split="split")
    facts = describe(prepare("d", source, SplitSpec(kind="given"), 0))
    told = [fact for name, fact in facts.items() if name.startswith("note") and "'u1' has every one" in fact]
    assert told == [
        "user 'u1' has every one of the 6 items in train, so that no negative can be drawn; systems that are "
        "trained with negatives fail"
    ]
    two = np.array([[user, item] for user in (3, 5) for item in range(40)])
    note = without_negatives_note(replace(checkerboard(), train=two))
    assert note is not None
    assert note.startswith("2 users, 't3' first, have every one of the 40 items")


def test_other_splits_are_as_they_were() -> None:
    """Checksums of the commit before the counts of ``per_user`` changed."""
    wanted: dict[str, Any] = {"random": "", "temporal": "", "leave_one_out": ""}
    for kind in wanted:
        wanted[kind] = prepare("m", Movielens(kind="movielens", core=30), SplitSpec(kind=kind), 1).checksum[
            :16
        ]
    assert wanted == {
        "random": "b82006d22d506ed0",
        "temporal": "b73f2cf30a84eaba",
        "leave_one_out": "37f29ebc04d7ffb2",
    }
