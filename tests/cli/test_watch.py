"""``intentbench run --watch``: what the store holds of runs that other processes do."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml

from harness.cli.watch import BARS, curve
from harness.planning.runs import expand
from harness.planning.tasks import Run
from tests.report.made_up_study import made_up_study
from tests.worlds import intentbench

STATE = {"epoch": 7, "scores": [0.1, 0.3, 0.2], "spent_s": 0.6}


@pytest.fixture
def unfinished(tmp_path: Path) -> tuple[Path, Path]:
    """A plan of four runs and the state of one that is missing; returns the plan's and the state's file."""
    plan, store = made_up_study(tmp_path / "store", datasets=1, systems=2, users=20)
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan.model_dump(mode="json", exclude_unset=True)))
    identity = [run.identity("c") for run in expand(plan) if isinstance(run, Run)][-1]
    store.forget(identity)
    store.checkpoint(identity).save(STATE)
    return tmp_path / "plan.yaml", store.checkpoint(identity).path


def watch(plan: Path, *words: object) -> str:
    result = intentbench("run", plan, "--store", plan.parent / "store", "--watch", *words)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_run_is_shown_with_its_curve_and_what_is_left(unfinished: tuple[Path, Path]) -> None:
    plan, _ = unfinished
    shown = watch(plan)
    assert "d0 IRLLRec[DCCF] repetition 2" in shown
    assert "7 of" in shown
    assert "▁█▅" in shown
    assert "0.3000" in shown
    assert "3 finished, 1 missing. At the pace of the finished runs, 1 at a time" in shown
    assert "IRLLRec[DCCF]" not in watch(plan, "--only", "IRLLRec[SimGCL]")


def test_a_state_that_has_not_been_saved_for_long_may_be_of_a_stopped_run(
    unfinished: tuple[Path, Path],
) -> None:
    plan, state = unfinished
    os.utime(state, (time.time() - 3600,) * 2)
    assert "60 min ago, stopped?" in watch(plan)


def test_a_damaged_state_is_not_shown(unfinished: tuple[Path, Path]) -> None:
    plan, state = unfinished
    state.write_bytes(b"x" * 100)
    assert "repetition 2" not in watch(plan)


def test_a_curve_ends_with_the_last_score() -> None:
    assert curve([]) == ""
    assert curve([0.5]) == BARS[0]
    assert curve([*([0.0] * 30), 1.0]) == BARS[0] * 23 + BARS[-1]
