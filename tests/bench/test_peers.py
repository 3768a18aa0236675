"""Comparisons with other libraries on a small drawn graph; no test asserts a speed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from typer.testing import CliRunner

from harness.bench import __main__ as tasks
from harness.bench import evaluations, fits, peers
from harness.bench.world import World, drawn_world
from harness.cli.main import app


@pytest.fixture(scope="module")
def world() -> World:
    return drawn_world("small", users=300, items=200, count=3_000, held_out=600)


@pytest.mark.parametrize("name", list(peers.COMPARISONS))
def test_a_row_is_complete_and_its_values_are_equal(
    name: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comparison raises an error if the values of both sides differ."""
    absent = peers.absent(peers.COMPARISONS[name].packages)
    if absent:
        pytest.skip(absent)
    monkeypatch.setattr(peers, "amazon_book", lambda: world)
    monkeypatch.setattr(peers, "THREADS", 1)
    row = peers.row_of(name, repeats=1, limit_s=1.0)
    assert set(row) >= {"comparison", "version", "seconds", "other_seconds", "ratio", "checked", "graph"}
    assert set(row) <= set(peers.COLUMNS)
    assert row["ratio"] == pytest.approx(row["other_seconds"] / row["seconds"])
    if "ndcg@20" not in row:
        assert name.startswith("LightGCN")
    elif name.startswith("evaluation"):
        assert row["other_ndcg@20"] == pytest.approx(row["ndcg@20"], abs=evaluations.TOLERANCE)
    else:  # which of several equal neighbours are kept is not the same everywhere
        assert row["other_ndcg@20"] == pytest.approx(row["ndcg@20"], rel=0.1)


def test_an_evaluation_with_other_values_is_refused() -> None:
    means = {"recall@20": 0.5, "ndcg@20": 0.25}
    assert "recall@20 and ndcg@20" in evaluations.check_equal(means, means, "another")
    assert "recall" not in evaluations.check_equal(means, {"ndcg@20": 0.25}, "another")
    for other in (0.2501, np.nan):
        with pytest.raises(RuntimeError, match=r"ndcg@20: .* another gives"):
            evaluations.check_equal(means, {**means, "ndcg@20": other}, "another")


def test_scores_that_differ_are_refused_unless_the_item_is_a_train_item() -> None:
    train = sp.csr_matrix(np.array([[1.0, 0.0], [0.0, 1.0]]))
    scores = np.array([[1.0, 2.0], [3.0, 4.0]])

    def side(matrix: np.ndarray) -> Any:
        return lambda users: matrix[users]

    fits.check_equal(side(scores), side(scores + 100 * np.eye(2)), train)
    for apart in (0.1, np.nan):
        with pytest.raises(RuntimeError, match=r"of the largest score"):
            fits.check_equal(side(scores), side(scores + apart), train)


def test_the_first_users_keep_their_pairs(world: World) -> None:
    part = fits.first_users(world, 50)
    assert (part.users, part.items) == (50, len(np.unique(world.train[world.train[:, 0] < 50, 1])))
    assert len(part.train) == (world.train[:, 0] < 50).sum()
    assert np.bincount(part.train[:, 1], minlength=part.items).min() >= 1
    assert 0 < len(part.test) <= (world.test[:, 0] < 50).sum()


@pytest.fixture
def rows_in_this_process(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Comparisons are measured here, on a small graph; the names of those that were."""
    asked: list[str] = []

    def in_process(task: str, name: str, *arguments: Any, threads: int) -> Any:
        asked.append(name)
        return tasks.TASKS[task](name, *arguments)

    monkeypatch.setattr(peers, "amazon_book", lambda: world)
    monkeypatch.setattr(peers, "THREADS", 1)
    monkeypatch.setattr(peers, "in_process", in_process)
    return asked


def bench(*options: object) -> Any:
    return CliRunner().invoke(app, ["bench", "--peers", "--repeats", "1", *map(str, options)])


def test_each_row_is_written_and_not_measured_again(rows_in_this_process: list[str], tmp_path: Path) -> None:
    asked = ["--only", "LightGCN step", "--json", "--out", tmp_path]
    done = bench(*asked)
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert tuple(row) == peers.COLUMNS
    written = pd.read_csv(tmp_path / "peers.csv")
    assert written["seconds"].tolist() == [pytest.approx(row["seconds"])]
    (again,) = json.loads(bench(*asked, "--resume").stdout)
    assert again["seconds"] == row["seconds"]
    assert rows_in_this_process == ["LightGCN step beside RecBole"], "a row that was there is measured again"


def test_a_library_that_is_absent_has_a_row_that_says_so(
    rows_in_this_process: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(peers, "import_module", missing)
    done = bench("--only", "ranx", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    (row,) = pd.read_csv(tmp_path / "peers.csv").to_dict("records")
    assert row["note"] == "ranx is not installed; type `pip install -e '.[peers]'`"
    assert np.isnan(row["seconds"])
    assert bench("--only", "ranx", "--out", tmp_path, "--resume").exit_code == 0
    assert len(rows_in_this_process) == 2, "a row without numbers is measured again"


def test_wrong_options_are_one_sentence() -> None:
    done = bench("--only", "RecBowl")
    assert done.exit_code == 2
    assert "did you mean 'RecBole'" in done.stderr
    done = bench("--grow")
    assert done.exit_code == 2
    assert "expected one of them" in done.stderr
