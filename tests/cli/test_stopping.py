"""Ctrl-C asks for a stop, and Ctrl-C again ends everything at once."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.cli.outcome import STOPPED_AT_ONCE
from harness.cli.stopping import SIGNALS, stop_after_epoch
from harness.execution.processes import Processes
from harness.execution.task_runner import RunnerConfig
from tests.execution.commands import ENVIRONMENT, checkpoints, until, write_plan


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize("first", SIGNALS)
def test_the_first_signal_asks_and_the_second_interrupts(
    first: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    before = handlers()
    with stop_after_epoch() as stop:
        assert not stop()
        os.kill(os.getpid(), first)
        assert stop()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert handlers() == before
    assert capsys.readouterr().err.count("Press Ctrl-C again to stop at once.") == 1


def test_the_second_signal_kills_workers() -> None:
    worker = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,), daemon=True)
    worker.start()
    with stop_after_epoch():
        os.kill(os.getpid(), signal.SIGINT)
        assert worker.is_alive()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    worker.join(timeout=60)
    assert worker.exitcode == -signal.SIGKILL


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads a process's signal mask from /proc")
def test_a_worker_that_is_still_starting_takes_no_ctrl_c(tmp_path: Path) -> None:
    """The terminal sends it to all processes; a worker that imports would end with a traceback."""
    with RunnerConfig(tmp_path, 0).open() as task_runner:
        worker = Processes(task_runner, 1)._new_worker()
        status = Path(f"/proc/{worker.process.pid}/status").read_text()
        worker.process.kill()
        worker.process.join()
    blocked = int(next(line for line in status.splitlines() if line.startswith("SigBlk")).split()[1], 16)
    assert blocked & 1 << signal.SIGINT - 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_ctrl_c_twice_ends_a_command_and_its_workers_within_an_epoch(tmp_path: Path) -> None:
    """Each epoch has a step for every train pair, so that it outlasts both signals.

    The command and its workers write one log, which holds what each worker began.
    """
    training = {"epochs": 3, "eval_every": 1, "batch_size": 1, "metric": "recall@5"}
    plan = write_plan(tmp_path, systems=["DCCF"], training=training)
    store, log = tmp_path / "store", tmp_path / "log.txt"
    command = [sys.executable, "-m", "harness.cli.main", "--log-file", str(log), "run", str(plan)]
    process = subprocess.Popen(
        [*command, "--store", str(store), "--workers", "2"],
        env=ENVIRONMENT,
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until(lambda: len(checkpoints(store)) == 2)
    before = {path: path.read_bytes() for path in checkpoints(store)}
    workers = psutil.Process(process.pid).children(recursive=True)
    assert process.stderr is not None
    os.killpg(process.pid, signal.SIGINT)
    assert "Press Ctrl-C again to stop at once." in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert error == f"intentbench: {STOPPED_AT_ONCE}\n"
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.wait(timeout=60)
    assert {path: path.read_bytes() for path in checkpoints(store)} == before
    begun = [line for line in log.read_text().splitlines() if " begins. " in line]
    assert len({line.split("[process ")[1].split(",")[0] for line in begun} - {str(process.pid)}) == 2
