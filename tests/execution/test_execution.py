"""Runs survive what happens to processes, and are done once wherever they are done."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from harness.store.store import Store
from tests.worlds import ROOT, checkerboard, intentbench

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def write_plan(folder: Path, **more: Any) -> Path:
    """A few runs of a second or two each."""
    board = checkerboard()
    rows = ["user,item,split"]
    for split in ("train", "valid", "test"):
        rows += [f"{board.users[u]},{board.items[i]},{split}" for u, i in board.pairs(split)]
    (folder / "board.csv").write_text("\n".join(rows) + "\n")
    source = {"kind": "table", "path": "board.csv", "split": "split"}
    text = {
        "name": "small",
        "repetitions": 2,
        "datasets": [{"name": "board", "source": source, "split": {"kind": "given"}}],
        "systems": ["ItemKNN", {"system": "LightGCN", "hyper": {"learning_rate": 0.02}}, "SGL", "DCCF"],
        "training": {"epochs": 30, "eval_every": 2, "patience": 20, "batch_size": 128, "metric": "recall@5"},
        "evaluation": {"metrics": ["recall"], "k": [5], "show": ["recall@5"]},
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(text | more))
    return path


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plan(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    more = {"systems": ["ItemKNN", "LightGCN", "SGL"], "tuning": {"trials": 6, "epochs": 12}}
    return write_plan(tmp_path_factory.mktemp("tuned"), **more)


RUNS = 8

PROGRAM = ("-m", "harness.cli.main")

NOTING = """
import sys
from pathlib import Path
from harness.cli import main as cli
from harness.execution import task_runner

notes, train = Path(sys.argv.pop(1)), task_runner.train

def noted(run, *rest):
    with notes.open("a") as file:
        file.write(run.title + "\\n")
    return train(run, *rest)

task_runner.train = noted
cli.app()
"""
"""The program, which also writes down every run that begins to train; its first word says where."""


def start(plan: Path, store: Path, *more: str, program: tuple[str, ...] = PROGRAM) -> subprocess.Popen[str]:
    command = [sys.executable, *program, "run", str(plan), "--store", str(store), *more]
    return subprocess.Popen(
        command, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    return output


def leaderboard(plan: Path, store: Path) -> dict[str, bytes]:
    """The report's files without costs."""
    out = store.with_name(f"{store.name}-report")
    done = intentbench("report", plan, "--store", store, "--out", out, "--no-costs")
    assert done.exit_code == 0, done.output
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def until(true: Callable[[], Any], seconds: float = 120.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def check_whole(store: Path, tasks: int = RUNS) -> None:
    """Every task once, sound, and nothing unfinished."""
    found = Store(store)
    assert len(found.identities()) == tasks
    assert all(found.is_sound(identity) for identity in found.identities())
    assert not list((store / "unfinished").glob("*"))
    assert not list((store / "checkpoints").glob("*.pt"))


def checkpoints(store: Path) -> list[Path]:
    return list((store / "checkpoints").glob("*.pt"))


def spawned(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The living workers of a command."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def ended(output: str) -> list[str]:
    return [line for line in output.splitlines() if " repetition " in line]


@pytest.fixture(scope="module")
def undisturbed(plan: Path) -> dict[str, bytes]:
    store = plan.with_name("undisturbed")
    finish(start(plan, store))
    return leaderboard(plan, store)


def test_a_signal_ends_the_epoch_and_the_run_goes_on(
    plan: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        began = time.time()
        process = start(plan, tmp_path / "store")
        until(lambda began=began: [c for c in checkpoints(tmp_path / "store") if c.stat().st_mtime > began])
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 130, output
        assert "To go on, run the same command again." in output
    assert checkpoints(tmp_path / "store"), "nothing to go on from"
    finish(start(plan, tmp_path / "store"))
    check_whole(tmp_path / "store")
    assert leaderboard(plan, tmp_path / "store") == undisturbed


def test_processes_share_a_plan_and_a_dead_one_is_replaced(
    plan: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    store = tmp_path / "store"
    process = start(plan, store, "--workers", "2")
    until(lambda: checkpoints(store))
    spawned(process)[0].kill()
    output = finish(process)
    assert len(ended(output)) == len(set(ended(output))) == RUNS, output
    check_whole(store)
    assert leaderboard(plan, store) == undisturbed


def test_two_commands_on_one_store_do_every_run_once(
    plan: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    store, notes = tmp_path / "store", tmp_path / "begun"
    noting = ("-c", NOTING, str(notes))  # trains in its own process, where it notes what begins
    both = [start(plan, store, "--workers", "1", program=noting) for _ in range(2)]
    outputs = [finish(process) for process in both]
    check_whole(store)
    assert leaderboard(plan, store) == undisturbed
    begun = notes.read_text().splitlines()
    assert len(begun) == len(set(begun)) == RUNS, "a run trained twice leaves no other trace: one is dropped"
    trained = [json.loads(path.read_text())["process"] for path in store.glob("runs/*/run.json")]
    assert len(trained) == RUNS
    assert set(trained) <= {process.pid for process in both}, outputs


def test_a_run_whose_process_dies_twice_is_reported(plan: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = start(plan, store, "--workers", "2", "--only", "DCCF")
    killed: set[int] = set()

    def deaths() -> bool:
        for child in spawned(process):
            if child.pid not in killed:
                killed.add(child.pid)
                child.kill()
        return len(killed) >= 4

    until(lambda: checkpoints(store))
    until(deaths)
    output, _ = process.communicate(timeout=120)
    records = [json.loads(path.read_text()) for path in store.glob("runs/*/run.json")]
    reasons = {record.get("reason") for record in records}
    assert any("its process died 2 times, last with exit code -9" in str(reason) for reason in reasons), (
        output
    )
    assert process.returncode == 1


TUNED_TASKS = 3 + 6
"""Searches and runs of the tuned plan."""


def test_a_tuned_plan_survives_a_killed_worker_and_a_killed_command(tuned: Path, tmp_path: Path) -> None:
    alone, store = tmp_path / "alone", tmp_path / "store"
    finish(start(tuned, alone))
    first = start(tuned, store, "--workers", "2")
    until(lambda: checkpoints(store))
    spawned(first)[0].kill()
    time.sleep(2)
    first.kill()
    first.communicate()
    finish(start(tuned, store, "--workers", "2"))
    check_whole_after_deaths(store, TUNED_TASKS)
    assert leaderboard(tuned, store) == leaderboard(tuned, alone)


@pytest.mark.slow
@pytest.mark.parametrize(("which", "tasks"), [("plan", RUNS), ("tuned", TUNED_TASKS)])
def test_twenty_deaths_change_no_byte(
    which: str, tasks: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    chosen, moments = request.getfixturevalue(which), random.Random(7)
    finish(start(chosen, tmp_path / "alone"))
    for death in range(20):
        began, process = time.time(), start(chosen, tmp_path / "store")
        if death % 5:  # at work; every fifth dies somewhere on the way there
            until(
                lambda began=began, process=process: stirred(tmp_path / "store", began) or process.poll() == 0
            )
        time.sleep(moments.uniform(0.0, 2.0))
        process.kill()
        process.communicate()
    finish(start(chosen, tmp_path / "store"))
    check_whole_after_deaths(tmp_path / "store", tasks)
    assert leaderboard(chosen, tmp_path / "store") == leaderboard(chosen, tmp_path / "alone")


def stirred(store: Path, since: float) -> bool:
    """Whether a run or a trial has begun or gone on."""
    try:
        return any(path.stat().st_mtime > since for path in (*checkpoints(store), *store.glob("runs/*")))
    except FileNotFoundError:  # gone while we looked: something moves
        return True


def check_whole_after_deaths(store: Path, tasks: int) -> None:
    """As ``check_whole``; what a killed writer left under a temporary name is swept, not counted."""
    intentbench("store", "gc", "--store", store)
    check_whole(store, tasks)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_table_though_a_worker_dies(
    plan: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    distributed = pytest.importorskip("distributed")
    store = tmp_path / "store"
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        process = start(plan, store, "--scheduler", cluster.scheduler_address)
        until(lambda: checkpoints(store))
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        finish(process)
    check_whole(store)
    assert leaderboard(plan, store) == undisturbed
