"""Running a plan from the command line: the whole path, resuming, failures."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from harness.store.columns import COSTS
from tests.cli.tiny_plan import write_plan
from tests.data.test_data import interactions
from tests.worlds import ROOT, intentbench

SMOKE = ROOT / "harness" / "plans" / "smoke.yaml"


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the smoke plan finished."""
    store = tmp_path_factory.mktemp("smoke") / "store"
    result = intentbench("run", SMOKE, "--store", store)
    assert result.exit_code == 0, result.output
    return store


def test_smoke_runs_seven_systems_and_reports(smoke: Path, tmp_path: Path) -> None:
    result = intentbench("report", SMOKE, "--store", smoke, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    frame = pd.read_csv(tmp_path / "leaderboard.csv")
    assert frame["system"].nunique() == 7
    assert frame["mean"].between(0, 1).all()
    text = (tmp_path / "leaderboard.md").read_text()
    assert "**" in text
    assert "<u>" in text
    assert "intent texts are genre words" in text
    assert "IRLLRec[LightGCN]" in (tmp_path / "leaderboard.tex").read_text()


def test_a_report_is_the_same_every_time(smoke: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        intentbench("report", SMOKE, "--store", smoke, "--out", tmp_path / folder, "--no-figures")
    for name in ("leaderboard.md", "leaderboard.csv", "leaderboard.tex"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_finished_plan_trains_nothing_again(smoke: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in smoke.rglob("runs/*/*")}
    result = intentbench("run", SMOKE, "--store", smoke)
    assert result.output.strip() == "14 finished"
    assert before == {path: path.stat().st_mtime_ns for path in smoke.rglob("runs/*/*")}


def test_only_missing_runs_are_repeated(smoke: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(smoke, store)
    victim = next(p for p in (store / "runs").iterdir() if "ItemKNN" in (p / "run.json").read_text())
    shutil.rmtree(victim)
    assert "1 missing" in intentbench("status", SMOKE, "--store", store).output
    result = intentbench("run", SMOKE, "--store", store)
    assert [line.split(":")[0] for line in result.output.splitlines()[:-1]] == [
        "ml-100k ItemKNN repetition 1"
    ] or [line.split(":")[0] for line in result.output.splitlines()[:-1]] == ["ml-100k ItemKNN repetition 2"]
    assert victim.exists()


def test_dry_run_and_only(tmp_path: Path) -> None:
    store = tmp_path / "store"
    result = intentbench("run", SMOKE, "--store", store, "--dry-run")
    assert "14 missing" in result.output
    assert not store.exists()
    result = intentbench("run", SMOKE, "--store", store, "--only", "MostPop")
    assert result.output.strip().endswith("2 finished")
    result = intentbench("run", SMOKE, "--store", store, "--only", "LightGNC")
    assert result.exit_code == 2
    assert "did you mean 'LightGCN'" in result.output


def test_a_failed_run_is_stored_shown_and_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from baselines.lightgcn import LightGCN

    interactions().to_csv(tmp_path / "log.csv", index=False)
    plan = write_plan(tmp_path, {"kind": "table", "path": tmp_path / "log.csv"})
    store = tmp_path / "store"
    with monkeypatch.context() as patch:
        patch.setattr(LightGCN, "encode", lambda self, ego: (_ for _ in ()).throw(RuntimeError("spoiled")))
        result = intentbench("run", plan, "--store", store)
    assert result.exit_code == 1
    assert "LightGCN repetition 1: failed, RuntimeError: spoiled" in result.output
    intentbench("report", plan, "--store", store, "--out", tmp_path / "out")
    text = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "- LightGCN: failed, RuntimeError: spoiled" in text
    assert "| MostPop" in text
    assert intentbench("run", plan, "--store", store, "--retry").output.strip().endswith("2 finished")


def test_an_interrupted_run_goes_on_to_the_same_table(tmp_path: Path, smoke: Path) -> None:
    store, command = tmp_path / "store", [sys.executable, "-m", "harness.cli.main"]
    words = ["run", str(SMOKE), "--store", str(store)]
    environment = {**os.environ, "PYTHONPATH": str(SMOKE.parents[2])}
    started = subprocess.Popen(
        [*command, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert started.stdout is not None
    for _ in range(4):  # each line is a run that has ended
        assert b" repetition " in started.stdout.readline()
    started.send_signal(signal.SIGINT)
    _, error = started.communicate(timeout=60)
    assert started.returncode == 130
    assert b"To go on, run the same command again." in error
    assert len(list(store.glob("runs/*/run.json"))) < 14
    assert intentbench("run", SMOKE, "--store", store).exit_code == 0
    for name, where in (("one", store), ("two", smoke)):
        intentbench("report", SMOKE, "--store", where, "--out", tmp_path / name, "--no-figures")
    one, two = (pd.read_csv(tmp_path / name / "leaderboard.csv") for name in ("one", "two"))
    measured = [c for c in one.columns if c not in (*COSTS, "peak_bytes")]
    pd.testing.assert_frame_equal(one[measured], two[measured])
