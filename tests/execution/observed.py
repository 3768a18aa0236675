"""Small plans whose execution a test observes: what is read, what is in memory and what ends."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

from harness.data.dataset import Dataset
from harness.execution.backends import Result
from harness.execution.execution import execute
from harness.execution.processes import Processes
from harness.execution.task_runner import RunnerConfig, TaskRunner
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import Plan
from harness.planning.tasks import Task
from harness.store.record import Record
from harness.testing.world import checkerboard


class Events:
    """An observer that remembers which tasks ended."""

    def __init__(self) -> None:
        self.ended_tasks: list[Task] = []

    def expect(self, tasks: int) -> None: ...

    def already_stored(self, task: Task) -> None: ...

    def damaged(self, task: Task, moved_to: Path) -> None: ...

    def started(self, task: Task):  # type: ignore[no-untyped-def]
        return lambda epoch, score: None

    def ended(self, task: Task, record: Record) -> None:
        self.ended_tasks.append(task)


NAMES = ("a", "b", "c")


class SimulatedProcesses(Processes):
    """Pretends to be several processes. Every task fails at once, and nothing is read for it."""

    def __init__(self, task_runner: TaskRunner) -> None:
        super().__init__(task_runner)
        self.results: list[Result] = []

    def start(self, task: Task) -> None:
        self.results.append((task, self._task_runner.store_failure(task, RuntimeError("simulated"))))

    def collect(self, timeout_s: float) -> list[Result]:
        results, self.results = self.results, []
        return results


class Loads:
    """Reads datasets, and knows which of them are still in memory."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.read: list[tuple[str, weakref.ref[Dataset]]] = []

    def __call__(self, plan: DatasetVariant, seed: int, cache: Path | None) -> tuple[Dataset, None]:
        dataset = checkerboard(seed=NAMES.index(plan.name) if plan.name in NAMES else 0)
        self.order.append(plan.name)
        self.read.append((plan.name, weakref.ref(dataset)))
        return dataset, None

    def in_memory(self) -> set[str]:
        gc.collect()
        return {name for name, dataset in self.read if dataset() is not None}


def three_datasets(**more: Any) -> Plan:
    """A plan with two runs on each of three datasets."""
    datasets = [{"name": name, "source": {"kind": "movielens"}} for name in NAMES]
    training = {"epochs": 1, "metric": "recall@5"}
    evaluation = {"metrics": ["recall"], "k": [5], "show": ["recall@5"]}
    systems = ["MostPop", "LightGCN"]
    return Plan.model_validate(
        {"name": "p", "repetitions": 1, "datasets": datasets, "systems": systems, "training": training}
        | {"evaluation": evaluation, **more}
    )


def run(plan: Plan, store: Path, workers: int | None, scheduler: str | None = None) -> Events:
    events = Events()
    config = RunnerConfig(store, plan.seed)
    execute(plan, config, lambda name: True, events, lambda: False, workers, scheduler)
    return events
