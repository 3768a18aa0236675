"""Doing what a store lacks of a plan."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from harness.execution.backends import Backend, InThisProcess, do_tasks
from harness.execution.observer import Observer
from harness.execution.processes import Processes
from harness.execution.provenance import dataset_description, user_degrees
from harness.execution.schedule import Schedule, set_aside
from harness.execution.task_runner import RunnerConfig, ShouldStop, TaskRunner
from harness.execution.workers import largest_task_bytes, this_machine, worker_count
from harness.external.results import check_results
from harness.external.system import ExternalSpec
from harness.planning.plan import Plan
from harness.planning.runs import runs_on
from harness.planning.tasks import Run, Task
from harness.store import damage
from harness.store.temporary import remove_abandoned
from harness.training.elsewhere import request_of

if TYPE_CHECKING:
    from harness.execution.dask_cluster import DaskCluster


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
        set_aside(task_runner.store, damage.of_folders(task_runner.store), "the store", observer)
        _read_datasets(plan, task_runner, accepts, observer, keep_data=is_alone)
        schedule = Schedule(plan, task_runner, accepts, observer)
        tasks = schedule.begin()
        needed = schedule.datasets_of(tasks)
        for dataset in plan.variants:
            if dataset.name not in needed:
                task_runner.release(dataset)
        if tasks:
            do_tasks(tasks, schedule, backend_for([*tasks, *schedule.waiting]), observer, should_stop)


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
        set_aside(store, damage.of_dataset(store, key), f"dataset {dataset.name}", observer)
        store.notes.write(key, description, degrees)
