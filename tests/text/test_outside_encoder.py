"""A function of somebody else makes text rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness import outside
from harness.errors import InputError
from harness.store.store import Store
from harness.text.encoders import OutsideSpec
from harness.text.encoding import recipe
from tests.worlds import intentbench, outside_folder, run_and_report

ENCODER = '''
"""An encoder of somebody else."""

import numpy as np


def lengths(texts, width=4):
    return np.array([[len(text) % (column + 2) for column in range(width)] for text in texts], dtype=float)


def fails(texts):
    return 1 / 0
'''

PLAN = """
name: theirs
repetitions: 1
datasets:
  - name: ml-100k
    source: {kind: movielens}
    text: {kind: outside, encoder: "their_encoder:lengths", options: {width: 6}}
systems: [MostPop, AlphaRec]
training: {batch_size: 4096, epochs: 1, eval_every: 1}
evaluation: {metrics: [recall], k: [20], show: [recall@20]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with outside_folder(tmp_path, "their_encoder", ENCODER, PLAN) as made:
        outside.look_in(made)
        yield made


def spec(name: str) -> OutsideSpec:
    return OutsideSpec(kind="outside", encoder=f"their_encoder:{name}", options={})


def test_it_is_read_from_a_plan_run_and_reported(folder: Path) -> None:
    store = folder / "store"
    assert set(pd.read_csv(run_and_report(folder) / "leaderboard.csv")["system"]) == {"MostPop", "AlphaRec"}
    before = set(Store(store).runs())
    with (folder / "their_encoder.py").open("a") as file:
        file.write("# another line\n")
    assert intentbench("run", folder / "plan.yaml", "--store", store).exit_code == 0
    assert len(set(Store(store).runs()) - before) == 2


def test_its_rows_are_those_of_the_function(folder: Path) -> None:
    rows = spec("lengths").encode(["a", "abc"])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 1, 1, 1], [1, 0, 3, 3]]
    assert not spec("lengths").one_by_one


def test_a_changed_file_makes_another_recipe(folder: Path) -> None:
    before = recipe(spec("lengths"))
    with (folder / "their_encoder.py").open("a") as file:
        file.write("# another line\n")
    assert recipe(spec("lengths")) != before


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        ("their_encoder:length", "did you mean 'lengths'"),
        ("nowhere:encode", "there is no such module"),
        ("unheard-of", "an import path is written as MODULE:FUNCTION"),
        ("their_encoder:fails", r"failed \(ZeroDivisionError: division by zero\)"),
    ],
)
def test_what_is_no_encoder_is_one_sentence(encoder: str, said: str, folder: Path) -> None:
    with pytest.raises(InputError, match=said):
        OutsideSpec(kind="outside", encoder=encoder).encode(["a"])
