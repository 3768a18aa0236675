"""Doing what a store lacks of a plan: searches first, then the runs that take their best values."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from harness.errors import Interrupted
from harness.execution.provenance import degrees, facts
from harness.execution.task_runner import RunnerConfig, Stop, Task, TaskRunner
from harness.planning.plan import Plan
from harness.planning.runs import Run, dataset_key
from harness.planning.searches import Search, planned, searches
from harness.store import damage
from harness.store.damage import Damage
from harness.store.record import Record, SearchRecord
from harness.store.store import Store
from harness.store.temporary import remove_abandoned
from harness.training.loop import Progress

POLL_S = 0.5
"""How often a task that another process does is looked at again."""

Done = Callable[[Task, Record], None]
"""Told of a task and its record."""


class Watcher(Protocol):
    """Told what happens, so that somebody can show it."""

    def expect(self, tasks: int) -> None:
        """So many more tasks are planned."""

    def known(self, task: Task) -> None:
        """A task is stored already."""

    def damaged(self, title: str, place: Path) -> None:
        """Files of a task or dataset were not as they were written; they lie at ``place`` and are redone."""

    def started(self, task: Task) -> Progress:
        """A task begins; returns what to tell of its epochs or trials."""

    def ended(self, task: Task, record: Record) -> None:
        """A task was stored."""


class Place(Protocol):
    """Where tasks are done."""

    def __call__(self, tasks: list[Task], done: Done) -> None:
        """Do tasks in any order; ``done`` is told of each with its record.

        Raises:
            InputError: A dataset cannot be read, or the store cannot be written.
            Interrupted: Somebody asked to stop.
        """


Opened = Callable[[TaskRunner, Watcher], Place]
"""A place for one store and one who watches."""


def execute(
    plan: Plan, site: RunnerConfig, watcher: Watcher, only: Callable[[str], bool], open_place: Opened
) -> None:
    """Do what the store lacks of the systems that ``only`` accepts by name.

    Every dataset is read and checked before anything trains.

    Raises:
        InputError: A dataset cannot be read, or the store cannot be written.
        Interrupted: Somebody asked to stop; what is finished is stored, the rest has checkpoints.
    """
    with site.open() as task_runner:
        store, place = task_runner.store, open_place(task_runner, watcher)
        remove_abandoned()
        _set_aside(store, damage.of_folders(store), "the store", watcher)
        for dataset in plan.datasets:
            data, key = task_runner.material(dataset), dataset_key(plan, dataset)
            _set_aside(store, damage.of_dataset(store, key), f"dataset {dataset.name}", watcher)
            store.notes.write(key, facts(data), degrees(data))
        if plan.tuning:
            wanted = [search for run, search in searches(plan) if only(run.name)]
            each_once = {task_runner.identity(search): search for search in wanted}
            place(_lacking(each_once.values(), task_runner, watcher), watcher.ended)

        def record(search: Search) -> SearchRecord | None:
            identity = task_runner.identity(search)
            return store.search_record(identity) if store.is_sound(identity) else None

        runs = [each for each in planned(plan, record) if isinstance(each, Run) and only(each.name)]
        for wave in _waves(runs):
            place(_lacking(wave, task_runner, watcher), watcher.ended)


def _waves(runs: Collection[Run]) -> list[list[Run]]:
    """Runs that may be done side by side, after those of the waves before: a warm start needs a start."""
    waves: dict[int, list[Run]] = {}
    for run in runs:
        waves.setdefault(len(run.datasets), []).append(run)
    return [waves[length] for length in sorted(waves)]


def _lacking(tasks: Collection[Task], task_runner: TaskRunner, watcher: Watcher) -> list[Task]:
    """What is not stored, or stored but damaged."""
    found, store = [], task_runner.store
    watcher.expect(len(tasks))
    for task in tasks:
        identity = task_runner.identity(task)
        damaged = damage.of_task(store, identity)
        _set_aside(store, damaged, task.title, watcher)
        if identity in store and not damaged:
            watcher.known(task)
        else:
            found.append(task)
    return found


def _set_aside(store: Store, damaged: list[Damage], title: str, watcher: Watcher) -> None:
    """Move damaged files away and say so; what another process is at work on stays."""
    for part in damaged:
        place = damage.set_aside(store, part)
        if place is not None:
            watcher.damaged(title, place)


def here(stop: Stop) -> Opened:
    """This process, one task after the other; what other processes do is waited for.

    Raises:
        InputError: From the place: a dataset cannot be read, or the store cannot be written.
        Interrupted: From the place: ``stop`` said so; a run under way has its checkpoint in the store.
    """

    def opened(task_runner: TaskRunner, watcher: Watcher) -> Place:
        def place(tasks: list[Task], done: Done) -> None:
            waiting = tasks
            while waiting:
                elsewhere = []
                for task in waiting:
                    record = task_runner.do(task, watcher.started(task), stop)
                    if record is None:
                        elsewhere.append(task)
                    else:
                        done(task, record)
                if elsewhere == waiting:  # others do all that is left
                    time.sleep(POLL_S)
                if stop():
                    raise Interrupted("stopped between two runs")
                waiting = elsewhere

        return place

    return opened
