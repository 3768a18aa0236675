"""Doing what a store lacks of a plan: first the searches, then the runs that take their best values."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack

from harness.execution.backends import Backend, InThisProcess, Observer, do_tasks
from harness.execution.processes import Processes
from harness.execution.provenance import dataset_description, user_degrees
from harness.execution.task_runner import RunnerConfig, ShouldStop, TaskRunner
from harness.planning.plan import Plan
from harness.planning.searches import planned, searches
from harness.planning.tasks import Run, Search, Task
from harness.store import damage
from harness.store.damage import Damage
from harness.store.record import SearchRecord
from harness.store.store import Store
from harness.store.temporary import remove_abandoned

logger = logging.getLogger(__name__)


def execute(
    plan: Plan,
    config: RunnerConfig,
    accepts: Callable[[str], bool],
    observer: Observer,
    should_stop: ShouldStop,
    workers: int = 1,
    scheduler: str | None = None,
) -> None:
    """Do every task of a plan that the store lacks.

    All datasets are read and checked before anything is trained.

    Args:
        plan: The plan.
        config: The store and what else every process must know.
        accepts: Says by a system's name in tables whether its tasks are to be done.
        observer: Is told what happens.
        should_stop: Says whether the user has asked the program to stop.
        workers: The number of processes. With 1, this process does everything.
        scheduler: The address of a Dask scheduler whose cluster does the tasks, in place of ``workers``.

    Raises:
        InputError: A dataset cannot be read, the store cannot be written, or no scheduler answers.
        Interrupted: The user has asked the program to stop. The message says what is saved.
    """
    with config.open() as task_runner, ExitStack() as stack:
        backend: Backend
        if scheduler is not None:
            from harness.execution.dask_cluster import DaskCluster

            backend = stack.enter_context(DaskCluster(scheduler, task_runner))
        elif workers > 1:
            backend = stack.enter_context(Processes(task_runner, workers))
        else:
            backend = InThisProcess(task_runner, observer, should_stop)
        store = task_runner.store
        remove_abandoned()
        _set_aside(store, damage.of_folders(store), "the store", observer)
        for dataset in plan.variants:
            data, key = task_runner.data(dataset), dataset.key(plan.seed)
            _set_aside(store, damage.of_dataset(store, key), f"dataset {dataset.name}", observer)
            store.notes.write(key, dataset_description(data), user_degrees(data))
        for tasks in _stages(plan, task_runner, accepts):
            do_tasks(_missing(tasks, task_runner, observer), backend, observer, should_stop)


def _stages(
    plan: Plan, task_runner: TaskRunner, accepts: Callable[[str], bool]
) -> Iterator[Collection[Task]]:
    """Tasks that can be done at the same time. They need the results of the stages before them.

    Runs need the best values of their searches, and a warm start needs the run of the window before.
    """
    store = task_runner.store
    if plan.tuning:
        accepted = [search for run, search in searches(plan) if accepts(run.name)]
        yield {task_runner.identity(search): search for search in accepted}.values()

    def record(search: Search) -> SearchRecord | None:
        identity = task_runner.identity(search)
        return store.search_record(identity) if store.is_sound(identity) else None

    runs = [run for run in planned(plan, record) if isinstance(run, Run) and accepts(run.name)]
    for windows in sorted({len(run.datasets) for run in runs}):
        yield [run for run in runs if len(run.datasets) == windows]


def _missing(tasks: Collection[Task], task_runner: TaskRunner, observer: Observer) -> list[Task]:
    """The tasks that the store lacks. What is stored but damaged is set aside and is missing as well."""
    missing, store = [], task_runner.store
    observer.expect(len(tasks))
    for task in tasks:
        identity = task_runner.identity(task)
        damaged = damage.of_task(store, identity)
        _set_aside(store, damaged, task.title, observer)
        if identity in store and not damaged:
            logger.debug("The task %s is stored already.", task.title)
            observer.already_stored(task)
        else:
            missing.append(task)
    return missing


def _set_aside(store: Store, damaged: list[Damage], title: str, observer: Observer) -> None:
    """Move damaged files away and say so. What another process is at work on stays."""
    for part in damaged:
        moved_to = damage.set_aside(store, part)
        if moved_to is not None:
            observer.damaged(title, moved_to)
