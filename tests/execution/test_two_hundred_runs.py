"""Two hundred runs: on a cluster whose workers are killed, and in two halves that are merged."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.store.store import Store
from tests.execution.commands import finish, start, write_plan
from tests.worlds import intentbench

pytestmark = pytest.mark.slow

SYSTEMS: tuple[Any, ...] = (
    "ItemKNN",
    {"system": "LightGCN", "hyper": {"learning_rate": 0.02}},
    "SGL",
    "DCCF",
)

TRAINING = {"epochs": 4, "eval_every": 2, "patience": 20, "batch_size": 128, "metric": "recall@5"}

MEASURED = ["seconds_s", "cpu_s", "peak_bytes"]
"""Columns of the leaderboard that differ from one execution to the next."""

KILLS, BETWEEN_S = 8, 3.0
"""Number of workers that are killed, and the seconds between two of them."""


def plan_of(folder: Path, systems: tuple[Any, ...]) -> Path:
    """Fifty repetitions of each system."""
    folder.mkdir()
    return write_plan(folder, systems=list(systems), repetitions=50, training=TRAINING)


def files_of(store: Path, name: str) -> dict[str, bytes]:
    """The content of a file of every run, by the run's identity."""
    return {path.parent.name: path.read_bytes() for path in store.glob(f"runs/*/{name}")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The plan of all runs, and the store in which two processes have done them."""
    folder = tmp_path_factory.mktemp("whole")
    plan, store = plan_of(folder / "plan", SYSTEMS), folder / "store"
    finish(start(plan, store, "--workers", "2"))
    assert len(files_of(store, "users.parquet")) == 200
    return plan, store


def test_a_cluster_whose_workers_are_killed_gives_the_same_scores(
    undisturbed: tuple[Path, Path], tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    plan, whole = undisturbed
    store, draw, killed = tmp_path / "store", random.Random(1), 0
    with distributed.LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=":0") as cluster:
        command = start(plan, store, "--scheduler", cluster.scheduler_address)
        while command.poll() is None and killed < KILLS:
            time.sleep(BETWEEN_S)
            pids = [worker.pid for worker in cluster.workers.values() if worker.pid]
            if len(files_of(store, "run.json")) in range(1, 200) and pids:
                os.kill(draw.choice(pids), signal.SIGKILL)
                killed += 1
        finish(command)
    assert killed >= 3
    print(f"{killed} workers were killed")
    assert {record.status for record in Store(store).runs().values()} == {"finished"}
    assert files_of(store, "users.parquet") == files_of(whole, "users.parquet")


def test_two_halves_that_are_merged_are_the_whole(undisturbed: tuple[Path, Path], tmp_path: Path) -> None:
    plan, whole = undisturbed
    merged, halves = tmp_path / "merged", [tmp_path / "first", tmp_path / "second"]
    for half, systems in zip(halves, (SYSTEMS[:2], SYSTEMS[2:]), strict=True):
        finish(start(plan_of(tmp_path / f"{half.name}-plan", systems), half, "--workers", "2"))
        intentbench("store", "merge", str(half), "--store", str(merged))
    for name in ("run.json", "users.parquet", "SHA256SUMS"):
        assert files_of(merged, name) == files_of(halves[0], name) | files_of(halves[1], name)
    assert files_of(merged, "users.parquet") == files_of(whole, "users.parquet")
    tables = []
    for store in (whole, merged):
        out = tmp_path / f"report-{store.parent.name}-{store.name}"
        intentbench("report", str(plan), "--store", str(store), "--out", str(out), "--no-figures")
        table = pd.read_csv(out / "leaderboard.csv")
        tables.append(table.drop(columns=[name for name in table if name in MEASURED]))
    pd.testing.assert_frame_equal(*tables)
