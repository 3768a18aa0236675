"""Runs survive what happens to processes, and are done once wherever they are done."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.store.store import Store
from tests.execution.commands import (
    LONGEST_S,
    Announced,
    announced,
    check_whole,
    check_whole_after_deaths,
    checkpoints,
    finish,
    leaderboard,
    lines_of_runs,
    start,
    until,
    write_plan,
)
from tests.worlds import intentbench

RUNS = 8
"""Runs of the plan."""

TUNED_TASKS = 3 + 6
"""Searches and runs of the tuned plan."""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plan(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    more = {"systems": ["ItemKNN", "LightGCN", "SGL"], "tuning": {"trials": 6, "epochs": 12}}
    return write_plan(tmp_path_factory.mktemp("tuned"), **more)


def run_undisturbed(plan: Path, store: Path) -> dict[str, bytes]:
    """The leaderboard of a plan whose missing runs are done in this process."""
    done = intentbench("run", plan, "--store", store)
    assert done.exit_code == 0, done.output
    return leaderboard(plan, store)


@pytest.fixture(scope="module")
def undisturbed(plan: Path) -> dict[str, bytes]:
    return run_undisturbed(plan, plan.with_name("undisturbed"))


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Announced]:
    with announced(tmp_path / "announcements") as commands:
        yield commands


def test_a_signal_ends_the_epoch_and_the_run_goes_on(
    plan: Path, tmp_path: Path, undisturbed: dict[str, bytes], commands: Announced
) -> None:
    """Each process waits before an epoch until it has got its signal, and saves the state after the next."""
    store = tmp_path / "store"
    for number, epoch in ((signal.SIGTERM, 2), (signal.SIGINT, 5)):
        process = commands.start(plan, store, "--workers", "1", wait_at=epoch)
        assert commands.wait_for_save(epoch).process == process.pid
        process.send_signal(number)
        until(lambda process=process: "The program stops" in process.stdout.readline())
        commands.go()
        output, _ = process.communicate(timeout=LONGEST_S)
        (commands.folder / "go").unlink()
        assert process.returncode == 130, output
        assert "To go on, run the same command again." in output
        saves = [event.words for event in commands.events("saved") if event.process == process.pid]
        assert len(set(saves)) == len(saves)
        assert [int(epoch) for epoch, _ in saves] == {2: [0, 1, 2], 5: [2, 3, 4, 5]}[epoch]
    assert checkpoints(store), "nothing to go on from"
    assert run_undisturbed(plan, store) == undisturbed
    check_whole(store, RUNS)


def test_processes_share_a_plan_and_a_dead_one_is_replaced(
    plan: Path, tmp_path: Path, undisturbed: dict[str, bytes], commands: Announced
) -> None:
    store = tmp_path / "store"
    process = commands.start(plan, store, "--workers", "2", wait_at=3)
    killed = commands.wait_for_save(3)
    assert killed.process != process.pid
    os.kill(killed.process, signal.SIGKILL)
    commands.wait_for_save(3, but_not_of={killed.process})
    commands.go()
    output = finish(process)
    assert len(lines_of_runs(output)) == len(set(lines_of_runs(output))) == RUNS, output
    resumed = [event for event in commands.events("saved") if event.words[1] == killed.words[1]]
    epochs = [int(event.words[0]) for event in resumed if event.process != killed.process]
    assert epochs == list(range(3, 30)), "the run went on from its checkpoint"
    trained = [event.words for event in commands.events("trains")]
    assert len(trained) == RUNS + 1
    check_whole(store, RUNS)
    assert leaderboard(plan, store) == undisturbed


def test_two_commands_on_one_store_do_every_run_once(
    plan: Path, tmp_path: Path, undisturbed: dict[str, bytes], commands: Announced
) -> None:
    """One command is held in the middle of a run; the other does all others meanwhile, and waits for it."""
    store = tmp_path / "store"
    first = commands.start(plan, store, "--workers", "1", wait_at=2)
    assert commands.wait_for_save(2).process == first.pid
    second = commands.start(plan, store, "--workers", "1")
    until(lambda: len(Store(store).identities()) == RUNS - 1)
    assert second.poll() is None
    commands.go()
    outputs = [finish(process) for process in (first, second)]
    check_whole(store, RUNS)
    assert leaderboard(plan, store) == undisturbed
    trained = [event.words for event in commands.events("trains")]
    assert len(trained) == len(set(trained)) == RUNS, "a run trained twice leaves no other trace"
    workers = [json.loads(path.read_text())["process"] for path in store.glob("runs/*/run.json")]
    assert set(workers) == {first.pid, second.pid}, outputs


def test_a_run_whose_process_dies_twice_is_reported(plan: Path, tmp_path: Path, commands: Announced) -> None:
    store, killed = tmp_path / "store", set[int]()
    process = commands.start(plan, store, "--workers", "2", "--only", "DCCF", wait_at=2)
    name = commands.wait_for_save(2).words[1]
    for _ in range(2):
        worker = until(
            lambda: next(
                (
                    event.process
                    for event in commands.events("saved")
                    if event.words == ("2", name) and event.process not in killed
                ),
                None,
            )
        )
        killed.add(worker)
        os.kill(worker, signal.SIGKILL)
    until(lambda: name in Store(store).identities())
    commands.go()
    output, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 1
    assert "1 failed, 1 finished" in output or "1 finished, 1 failed" in output
    assert Store(store).record(name).reason == "its process died 2 times, last with exit code -9"
    assert "failed, its process died 2 times, last with exit code -9" in output


def test_ctrl_c_ends_workers_that_have_only_just_started(plan: Path, tmp_path: Path) -> None:
    """The terminal sends SIGINT to all processes at once, also to one that still imports its modules."""
    process = start(plan, tmp_path / "store", "--workers", "2")
    workers = until(lambda: workers_of(process.pid))
    for each in (process, *workers):
        each.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 130, output
    assert "Traceback" not in output
    assert "To go on, run the same command again." in output
    until(lambda: all(has_ended(worker.pid) for worker in workers))


def has_ended(process: int) -> bool:
    """Whether a process has ended, even if its parent is gone and nobody has asked for its exit code."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def workers_of(process: int) -> list[psutil.Process]:
    """The worker processes of a command."""
    found = []
    for child in psutil.Process(process).children():
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:  # it has just ended
            continue
    return found


def test_a_tuned_plan_survives_a_killed_worker_and_a_killed_command(
    tuned: Path, tmp_path: Path, commands: Announced
) -> None:
    store = tmp_path / "store"
    process = commands.start(tuned, store, "--workers", "2", wait_at=3)
    killed = commands.wait_for_save(3).process
    os.kill(killed, signal.SIGKILL)
    survivors = {commands.wait_for_save(3, but_not_of={killed}).process}
    survivors.add(commands.wait_for_save(3, but_not_of={killed, *survivors}).process)
    process.kill()
    process.communicate()
    commands.go()  # the orphans end their task, store it and leave
    until(lambda: all(has_ended(worker) for worker in survivors))
    assert len(Store(store).identities()) == 3, "the searches, and none of the runs that need them"
    assert run_undisturbed(tuned, store) == run_undisturbed(tuned, tmp_path / "alone")
    check_whole_after_deaths(store, TUNED_TASKS)


@pytest.mark.slow
@pytest.mark.parametrize(("which", "tasks"), [("plan", RUNS), ("tuned", TUNED_TASKS)])
def test_twenty_deaths_change_no_byte(
    which: str, tasks: int, tmp_path: Path, request: pytest.FixtureRequest, commands: Announced
) -> None:
    """Every fifth command dies on its way to its first epoch, the others some way after a checkpoint."""
    chosen, random_moment = request.getfixturevalue(which), random.Random(7)
    store = tmp_path / "store"
    for death in range(20):
        process = commands.start(chosen, store, "--workers", "1")
        if death % 5:
            saves = random_moment.randrange(1, 40)
            until(
                lambda process=process, saves=saves: (
                    process.poll() == 0
                    or len([event for event in commands.events("saved") if event.process == process.pid])
                    >= saves
                )
            )
        time.sleep(random_moment.uniform(0.0, 0.1 if death % 5 else 2.0))  # anywhere within an epoch
        process.kill()
        process.communicate()
    assert run_undisturbed(chosen, store) == run_undisturbed(chosen, tmp_path / "alone")
    check_whole_after_deaths(store, tasks)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_table_though_a_worker_dies(
    plan: Path,
    tmp_path: Path,
    undisturbed: dict[str, bytes],
    commands: Announced,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    distributed = pytest.importorskip("distributed")
    for name, value in commands.environment(wait_at=3).items():
        monkeypatch.setenv(name, value)
    store, preload = tmp_path / "store", list(commands.program)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", preload=preload
    ) as cluster:
        process = start(plan, store, "--scheduler", cluster.scheduler_address)
        killed = commands.wait_for_save(3).process
        os.kill(killed, signal.SIGKILL)
        commands.wait_for_save(3, but_not_of={killed})
        commands.go()
        finish(process)
    check_whole(store, RUNS)
    assert leaderboard(plan, store) == undisturbed
