"""How many processes share the tasks of a plan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.execution import execution
from harness.execution.task_runner import DatasetFacts, RunnerConfig, TaskRunner, dataset_key
from harness.execution.workers import Machine, largest_task_bytes, this_machine, worker_count
from harness.planning.plan import Plan
from harness.planning.searches import searches
from harness.planning.tasks import Task
from harness.systems.search_space import Domain
from harness.testing.conformance import make_run
from harness.training.memory import Sizes, needed_bytes
from tests.execution.observed import Loads, SimulatedProcesses, run, three_datasets

GIB = 2**30


@pytest.mark.parametrize(
    ("cores", "cards_gib", "free_gib", "tasks", "largest_gib", "count"),
    [
        (8, (), 64, 100, 1, 8),  # one for each core
        (8, (), 64, 3, 1, 3),  # never more than tasks
        (8, (), 64, 0, 1, 1),
        (8, (), 64, 100, 10, 6),  # what fits into the free memory
        (8, (), 64, 100, 100, 1),  # too large: it is tried in this process, and fails there with a sentence
        (1, (), 64, 100, 1, 1),
        (8, (20, 20), 64, 100, 1, 2),  # one for each GPU
        (8, (20, 20), 64, 1, 1, 1),
        (8, (20, 20), 15, 100, 10, 1),
        (8, (20,), 64, 100, 1, 1),
    ],
)
def test_the_machine_and_the_tasks_decide(
    cores: int, cards_gib: tuple[int, ...], free_gib: int, tasks: int, largest_gib: int, count: int
) -> None:
    machine = Machine(cores, tuple(card * GIB for card in cards_gib), free_gib * GIB)
    assert worker_count(machine, tasks, largest_gib * GIB) == count


@pytest.mark.parametrize(("cards_gib", "count"), [((), 9), ((20,), 4), ((20, 11), 6), ((4,), 1)])
def test_those_that_the_user_asks_for_share_a_gpu_only_if_they_fit(
    cards_gib: tuple[int, ...], count: int
) -> None:
    machine = Machine(8, tuple(card * GIB for card in cards_gib), 64 * GIB)
    assert worker_count(machine, 100, 5 * GIB, asked=9) == count


def test_this_machine_has_no_more_cores_than_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(16)), raising=False)
    assert this_machine().cores == 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5})
    assert this_machine().cores == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    assert this_machine().cores == 8
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: None)  # some virtual machines do not say
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert this_machine().cores == 3
    assert 0 < this_machine().free_bytes <= psutil.virtual_memory().total


def test_the_largest_task_counts_and_a_search_with_its_largest_values(tmp_path: Path) -> None:
    sizes = Sizes(1000, 2000, 30000, 0)
    small, large = (make_run("LightGCN", {"embedding_size": width}) for width in (8, 256))
    facts = {dataset_key(small.dataset): DatasetFacts("checksum", sizes)}
    runner = TaskRunner(RunnerConfig(tmp_path, seed=0), facts)
    expected = needed_bytes(large.system, large.settings, sizes)
    assert largest_task_bytes([small, large, small], runner) == expected
    plan = {
        "name": "p", "datasets": [{"name": "checkerboard", "source": {"kind": "movielens"}}],
        "systems": ["LightGCN"], "tuning": {},
    }  # fmt: skip
    search = next(search for _, search in searches(Plan.model_validate(plan)))
    for domain in (Domain(choices=(8, 256)), Domain(low=8, high=256, whole=True)):
        tuned = replace(
            search, space={**search.space, "embedding_size": domain, "layers": Domain(choices=(3,))}
        )
        assert largest_task_bytes([small, tuned], runner) == needed_bytes(
            tuned.system, {**tuned.settings, "embedding_size": 256, "layers": 3}, sizes
        )


@pytest.mark.parametrize(
    ("asked", "machine", "counts"),
    [
        (None, Machine(4, (), 64 * GIB), [4]),
        (None, Machine(8, (), 64 * GIB), [6]),  # there are six tasks
        (None, Machine(4, (20 * GIB, 20 * GIB), 64 * GIB), [2]),
        (None, Machine(1, (), 64 * GIB), []),  # this process does everything
        (None, Machine(4, (), 1 * GIB), []),
        (1, Machine(4, (), 64 * GIB), []),
        (3, Machine(1, (), 1 * GIB), [3]),
    ],
)
def test_the_number_of_workers_overrides_what_the_machine_decides(
    asked: int | None,
    machine: Machine,
    counts: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loads: Loads,
) -> None:
    used: list[int] = []

    class CountedProcesses(SimulatedProcesses):
        def start(self, task: Task) -> None:
            used.append(self.count)
            super().start(task)

    monkeypatch.setattr(execution, "this_machine", lambda: machine)
    monkeypatch.setattr(execution, "Processes", CountedProcesses)
    events = run(three_datasets(systems=["MostPop", "ItemKNN"]), tmp_path, asked)
    assert len(events.ended_tasks) == 6
    assert used == [count for count in counts for _ in range(6)]
