"""Doing what a store lacks of a plan: first the searches, then the runs that take their best values."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.execution.backends import Backend, InThisProcess, Observer, do_tasks
from harness.execution.processes import Processes
from harness.execution.provenance import dataset_description, user_degrees
from harness.execution.task_runner import RunnerConfig, ShouldStop, TaskRunner
from harness.execution.workers import largest_task_bytes, this_machine, worker_count
from harness.external.results import check_results
from harness.external.system import ExternalSpec
from harness.planning.plan import Plan
from harness.planning.runs import runs_on
from harness.planning.searches import planned, searches
from harness.planning.tasks import Run, Search, Task
from harness.store import damage
from harness.store.damage import Damage
from harness.store.record import SearchRecord
from harness.store.store import Store
from harness.store.temporary import remove_abandoned
from harness.training.elsewhere import request_of

if TYPE_CHECKING:
    from harness.execution.dask_cluster import DaskCluster

logger = logging.getLogger(__name__)


def execute(
    plan: Plan,
    config: RunnerConfig,
    accepts: Callable[[str], bool],
    observer: Observer,
    should_stop: ShouldStop,
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Do every task of a plan that the store lacks.

    All datasets are read and checked before anything is trained.

    Args:
        plan: The plan.
        config: The store, and what else every process must know.
        accepts: Says by a system's name in tables whether its tasks are to be done.
        observer: Is told what happens.
        should_stop: Says whether the user has asked the program to stop.
        workers: The number of processes. With 1, this process does everything. With None, the machine and the
            missing tasks decide (:func:`worker_count`). Fewer start if a GPU's memory holds no more.
        scheduler: The address of a Dask scheduler whose cluster does the tasks, in place of ``workers``.

    Raises:
        InputError: A dataset cannot be read, the store cannot be written, or no scheduler answers.
        Interrupted: The user has asked the program to stop. The message says what is saved.
    """
    with config.open() as task_runner, ExitStack() as stack:
        alone = InThisProcess(task_runner, observer, should_stop)
        processes = stack.enter_context(Processes(task_runner))
        cluster = stack.enter_context(_connected(scheduler, task_runner)) if scheduler else None

        def backend_for(tasks: list[Task]) -> Backend:
            if cluster is not None:
                return cluster
            machine, largest_bytes = this_machine(), largest_task_bytes(tasks, task_runner)
            processes.count = worker_count(machine, len(tasks), largest_bytes, workers)
            return alone if processes.count == 1 else processes

        is_alone = cluster is None and (workers or this_machine().most_workers) == 1
        remove_abandoned()
        _set_aside(task_runner.store, damage.of_folders(task_runner.store), "the store", observer)
        _read_datasets(plan, task_runner, accepts, observer, keep_data=is_alone)
        for tasks, needed_later in _stages(plan, task_runner, accepts):
            missing = _missing(tasks, task_runner, observer)
            needed = {task.dataset.name for task in missing} | needed_later
            for dataset in plan.variants:
                if dataset.name not in needed:
                    task_runner.release(dataset)
            if missing:
                do_tasks(missing, backend_for(missing), observer, should_stop, needed_later)


def _connected(scheduler: str, task_runner: TaskRunner) -> DaskCluster:
    """The cluster of a Dask scheduler. Dask is imported only if it is used."""
    from harness.execution.dask_cluster import DaskCluster

    return DaskCluster(scheduler, task_runner)


def _read_datasets(
    plan: Plan, task_runner: TaskRunner, accepts: Callable[[str], bool], observer: Observer, keep_data: bool
) -> None:
    """Read and check every dataset and the files from elsewhere, and store what reports need of datasets.

    Nothing is stored before everything is checked.

    Args:
        plan: The plan.
        task_runner: Reads the data.
        accepts: Says by a system's name whether its tasks are to be done.
        observer: Is told of damaged descriptions in the store.
        keep_data: Whether the data stays in memory. A process that trains nothing itself does not need it.
    """
    store, notes = task_runner.store, []
    for dataset in plan.variants:
        data = task_runner.data(dataset)
        for run in runs_on(plan, dataset):
            if isinstance(run, Run) and isinstance(run.system, ExternalSpec) and accepts(run.name):
                check_results(run.system, request_of(run, data.dataset))
        notes.append((dataset, dataset_description(data), user_degrees(data)))
        if not keep_data:
            task_runner.release(dataset)
    for dataset, description, degrees in notes:
        key = dataset.key(plan.seed)
        _set_aside(store, damage.of_dataset(store, key), f"dataset {dataset.name}", observer)
        store.notes.write(key, description, degrees)


def _stages(
    plan: Plan, task_runner: TaskRunner, accepts: Callable[[str], bool]
) -> Iterator[tuple[Collection[Task], set[str]]]:
    """Tasks that can be done at the same time, stage by stage. Each stage needs the results of those before.

    A run needs the best values of its search, and a warm start needs the run of the window before.

    Yields:
        The tasks of a stage, and the names of the datasets that later stages need.
    """
    store = task_runner.store
    if plan.tuning:
        accepted = [(run, search) for run, search in searches(plan) if accepts(run.name)]
        tasks = {task_runner.identity(search): search for _, search in accepted}
        yield tasks.values(), {run.dataset.name for run, _ in accepted}

    def record(search: Search) -> SearchRecord | None:
        identity = task_runner.identity(search)
        return store.search_record(identity) if store.is_sound(identity) else None

    later = [run for run in planned(plan, record) if isinstance(run, Run) and accepts(run.name)]
    while later:
        fewest = min(len(run.datasets) for run in later)
        now = [run for run in later if len(run.datasets) == fewest]
        later = [run for run in later if len(run.datasets) > fewest]
        yield now, {run.dataset.name for run in later}


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
