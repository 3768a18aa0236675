"""A function of somebody else brings the interactions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from harness import outside
from harness.data.prepare import prepare
from harness.data.spec import OutsideTable, SplitSpec
from harness.errors import InputError
from tests.worlds import outside_folder, run_and_report

READER = '''
"""A reader of somebody else."""

import pandas as pd


def pairs(users=20, items=10):
    rows = [(f"u{user}", f"i{item}") for user in range(users) for item in range(items) if (user + item) % 2]
    return pd.DataFrame(rows, columns=["user", "thing"])


def fails():
    return {}["nothing"]


def no_frame():
    return [1, 2]
'''

PLAN = """
name: theirs
repetitions: 1
datasets:
  - name: theirs
    source: {kind: outside, reader: "their_reader:pairs", options: {users: 30}, item: thing}
systems: [MostPop, ItemKNN]
evaluation: {metrics: [recall], k: [3], show: [recall@3]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with outside_folder(tmp_path, "their_reader", READER, PLAN) as made:
        outside.look_in(made)
        yield made


def source(reader: str, **keys: str) -> OutsideTable:
    return OutsideTable.model_validate({"kind": "outside", "reader": reader} | keys)


def test_its_rows_are_run_and_reported(folder: Path) -> None:
    assert set(pd.read_csv(run_and_report(folder) / "leaderboard.csv")["system"]) == {"MostPop", "ItemKNN"}


def test_its_rows_are_the_dataset(folder: Path) -> None:
    dataset = prepare("theirs", source("their_reader:pairs", item="thing"), SplitSpec(), 7)
    assert len(dataset.users) == 20
    assert sum(len(dataset.pairs(split)) for split in dataset.splits) == 100


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("their_reader:pear", "did you mean 'pairs'"),
        ("unheard-of", "an import path is written as MODULE:FUNCTION"),
        ("their_reader:fails", r"failed \(KeyError: 'nothing'\); expected a DataFrame"),
        ("their_reader:no_frame", "is a list; expected a pandas DataFrame"),
        ("their_reader:pairs", "no column 'item'"),
    ],
)
def test_what_is_no_source_is_one_sentence(reader: str, said: str, folder: Path) -> None:
    with pytest.raises(InputError, match=said):
        prepare("theirs", source(reader), SplitSpec(), 7)
