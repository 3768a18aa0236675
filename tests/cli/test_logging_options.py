"""The log of a command: where it may be asked for, and what stands in it."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import chain, repeat
from pathlib import Path

import pytest
import yaml

from tests.cli.tiny_plan import write_plan
from tests.data.test_data import interactions
from tests.worlds import intentbench


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    interactions().to_csv(tmp_path / "log.csv", index=False)
    return write_plan(tmp_path, {"kind": "table", "path": "log.csv"})


def events(path: Path) -> list[str]:
    return [line.partition("] ")[2] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("before", [True, False])
def test_the_log_may_be_asked_for_before_the_command_and_on_run(
    before: bool, plan: Path, tmp_path: Path
) -> None:
    options = ["--verbose", "--log-file", tmp_path / "log.txt"]
    words = ["run", plan, "--store", tmp_path / "store", "--workers", "1"]
    done = intentbench(*options, *words) if before else intentbench(*words, *options)
    assert done.exit_code == 0, done.output
    found = events(tmp_path / "log.txt")
    assert any(each.startswith("The dataset d was read.") for each in found)
    for system in ("MostPop", "LightGCN"):
        assert sum(each.startswith(f"The task d {system} repetition 1 begins.") for each in found) == 1
        assert sum(each.startswith(f"The task d {system} repetition 1 has finished") for each in found) == 1
    assert "The dataset d was read." in done.stderr
    assert done.output.count("d MostPop repetition 1: ") == 1
    assert "repetition 1 has finished" not in done.output, "the line of the run says so"


def test_a_second_run_logs_that_everything_is_stored(plan: Path, tmp_path: Path) -> None:
    for _ in range(2):
        words = ["run", plan, "--store", tmp_path / "store", "--workers", "1"]
        done = intentbench("--log-file", tmp_path / "log.txt", *words)
        assert done.exit_code == 0
    found = events(tmp_path / "log.txt")
    assert "The task d MostPop repetition 1 is stored already." in found
    assert sum("begins" in each for each in found) == 2


def test_a_run_that_goes_on_from_its_checkpoint_says_so(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = yaml.safe_load(plan.read_text()) | {"systems": ["LightGCN"]}
    tree["training"]["epochs"] = 3
    plan.write_text(yaml.safe_dump(tree))
    asked = chain([False, False], repeat(True))  # before the run, and before its first and second epoch
    with monkeypatch.context() as patch:
        patch.setattr("harness.cli.run.stop_after_epoch", lambda: nullcontext(lambda: next(asked)))
        assert intentbench("run", plan, "--store", tmp_path / "store").exit_code == 130
    done = intentbench("run", plan, "--store", tmp_path / "store", "--verbose")
    assert done.exit_code == 0
    assert "The run d LightGCN repetition 1 goes on from its checkpoint after epoch 1." in done.stderr


def test_a_failed_run_has_its_traceback_in_the_log(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from baselines.lightgcn import LightGCN

    monkeypatch.setattr(LightGCN, "encode", lambda self, ego: (_ for _ in ()).throw(RuntimeError("spoiled")))
    words = ["run", plan, "--store", tmp_path / "store", "--log-file", tmp_path / "log.txt", "--verbose"]
    done = intentbench(*words)
    assert done.exit_code == 1
    assert "Traceback" in (tmp_path / "log.txt").read_text()
    assert "Traceback" not in done.output
    assert done.output.count("spoiled") == 1
    intentbench(*words, "--retry")
    assert any("is removed, so that it is done again" in each for each in events(tmp_path / "log.txt"))


def test_a_log_file_that_cannot_be_written_ends_before_anything_is_done(plan: Path, tmp_path: Path) -> None:
    done = intentbench("--log-file", tmp_path, "run", plan, "--store", tmp_path / "store")
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert "--log-file: " in done.output
    assert not (tmp_path / "store").exists()


def test_no_password_reaches_the_log(plan: Path, tmp_path: Path) -> None:
    tuned = yaml.safe_load(plan.read_text()) | {"tuning": {"trials": 1}}
    plan.write_text(yaml.safe_dump(tuned))
    url = "postgresql://me:secret@127.0.0.1:9/none"
    words = ["run", plan, "--store", tmp_path / "store", "--storage", url, "--only", "MostPop"]
    words += ["--workers", "1"]
    intentbench("--verbose", "--log-file", tmp_path / "log.txt", *words)
    assert "secret" not in (tmp_path / "log.txt").read_text()
