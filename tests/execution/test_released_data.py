"""The data of a dataset is in memory only as long as a task of this process may need it."""

from __future__ import annotations

import threading
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.execution import processes, task_runner
from harness.execution.processes import do_what_arrives
from harness.execution.task_runner import RunnerConfig, TaskRunner
from harness.planning.tasks import Run, Task
from harness.store.store import Store
from harness.testing.conformance import make_run
from harness.testing.world import checkerboard
from tests.execution.observed import Loads, SimulatedProcesses, run, three_datasets


def test_released_data_leaves_its_checksum_and_no_file(loads: Loads, tmp_path: Path) -> None:
    task = make_run("LightGCN")
    with RunnerConfig(tmp_path, seed=0).open() as runner:
        data = runner.data(task.dataset)
        folder, identity = data.atomic, runner.identity(task)
        runner.run(task, lambda epoch, score: None, lambda: False)
        del data
        assert loads.in_memory() == {"checkerboard"}
        runner.release(task.dataset)
        assert not loads.in_memory()
        assert not folder.exists()
        assert runner.identity(task) == identity
        assert len(loads.order) == 1
        runner.data(task.dataset)
        assert len(loads.order) == 2
    assert not loads.in_memory()


def test_one_process_releases_a_dataset_after_its_last_task(
    loads: Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = watch_trainings(loads, monkeypatch)
    run(three_datasets(), tmp_path, workers=1)
    assert in_memory == {"a": {"a", "b", "c"}, "b": {"b", "c"}, "c": {"c"}}
    assert loads.order == ["a", "b", "c"], "no dataset was read twice"
    assert not loads.in_memory()


def test_what_is_stored_already_needs_no_data(
    loads: Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(three_datasets(), tmp_path, workers=1)
    store = Store(tmp_path)
    victim = next(name for name, record in store.runs().items() if record.dataset == "b")
    store.forget(victim)
    in_memory = watch_trainings(loads, monkeypatch)
    run(three_datasets(), tmp_path, workers=1)
    assert in_memory == {"b": {"b"}}


def test_a_tuned_plan_keeps_data_for_the_runs_after_the_searches(
    loads: Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = watch_trainings(loads, monkeypatch)
    run(three_datasets(tuning={"trials": 1}), tmp_path, workers=1)
    assert in_memory == {"a": {"a", "b", "c"}, "b": {"b", "c"}, "c": {"c"}}
    assert loads.order == ["a", "b", "c"], "no dataset was read twice"


def watch_trainings(loads: Loads, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Which datasets are in memory while a run of a dataset begins."""
    in_memory: dict[str, set[str]] = {}
    train = task_runner.train

    def watched(run: Run, *rest: Any) -> Any:
        in_memory[run.dataset.name] = loads.in_memory()
        return train(run, *rest)

    monkeypatch.setattr(task_runner, "train", watched)
    return in_memory


def test_the_parent_of_workers_holds_no_data(
    loads: Loads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[set[str]] = []

    class WatchedProcesses(SimulatedProcesses):
        def start(self, task: Task) -> None:
            handed_over.append(loads.in_memory())
            super().start(task)

    monkeypatch.setattr("harness.execution.execution.Processes", WatchedProcesses)
    run(three_datasets(), tmp_path, workers=2)
    assert handed_over == [set()] * 6
    assert loads.order == ["a", "b", "c"], "the checksums were kept"


def test_a_worker_releases_data_when_the_parent_says_so(loads: Loads, tmp_path: Path) -> None:
    tasks = [make_run("MostPop", repetition=number) for number in range(2)]
    parents_end, workers_end = Pipe()
    with RunnerConfig(tmp_path, seed=7).open() as runner:
        arguments = (workers_end, runner, lambda: False)
        worker = threading.Thread(target=do_what_arrives, args=arguments)
        worker.start()
        parents_end.send(tasks[0])
        assert parents_end.recv().status == "finished"
        assert loads.in_memory() == {"checkerboard"}
        parents_end.send(tasks[0].dataset)
        parents_end.send(tasks[0])  # it is stored, so nothing is read; its answer says that the data is gone
        assert parents_end.recv().status == "finished"
        assert not loads.in_memory()
        parents_end.close()
        worker.join(timeout=60)
        assert not worker.is_alive()


def test_workers_are_told_what_to_release_between_two_tasks(tmp_path: Path) -> None:
    runner = TaskRunner(RunnerConfig(tmp_path, seed=0))
    team = processes.Processes(runner, 2)
    parents_end, workers_end = Pipe()
    busy = processes.Worker(0, None, parents_end, make_run("MostPop"))
    team._workers = [busy]
    dataset = make_run("MostPop").dataset
    team.release(dataset)
    team.collect(0)
    assert not workers_end.poll(), "a busy worker reads nothing, and a full pipe would block both sides"
    busy.task = None
    team.collect(0)
    assert workers_end.recv() == dataset
    assert not busy.to_release


def test_a_dataset_that_changes_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = iter((0, 1))
    monkeypatch.setattr(task_runner, "load", lambda *arguments: (checkerboard(seed=next(seeds)), None))
    task = make_run("MostPop")
    with RunnerConfig(tmp_path, seed=0).open() as first:
        identity = first.identity(task)
        with RunnerConfig(tmp_path, seed=0).open(first.facts) as second:
            assert second.identity(task) == identity
            with pytest.raises(InputError, match="dataset checkerboard: its files have changed"):
                second.run(task, lambda epoch, score: None, lambda: False)
    assert not Store(tmp_path).identities()


def test_a_worker_of_a_cluster_drops_data_of_an_earlier_command(tmp_path: Path, loads: Loads) -> None:
    task = make_run("MostPop")
    runner = TaskRunner(RunnerConfig(tmp_path, seed=0))
    runner.data(task.dataset)
    runner.learn(dict(runner.facts))
    assert loads.in_memory()
    changed = runner.facts_of(task.dataset)._replace(checksum="another")
    runner.learn({task_runner.dataset_key(task.dataset): changed})
    assert not loads.in_memory()
    assert runner.identity(task) == task.identity("another")
