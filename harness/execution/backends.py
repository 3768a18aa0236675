"""Working through the tasks of a plan: what a backend is, and the backend that uses this process alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from harness.errors import Interrupted
from harness.execution.observer import Observer
from harness.execution.schedule import Schedule
from harness.execution.task_queue import POLL_S, TaskQueue
from harness.execution.task_runner import ShouldStop, TaskRunner
from harness.planning.datasets import DatasetVariant
from harness.planning.tasks import Task
from harness.store.record import Record

Result = tuple[Task, Record | None]
"""A task with its record. The record is None if the task is not done, since another process holds it."""

SAVED = (
    "The command was interrupted. What is finished is stored, and each run under way is saved up to its last "
    "whole epoch, but for models of RecBole, which begin anew. To go on, run the same command again."
)
"""What a user is told of an interruption on this machine."""


class Backend(Protocol):
    """Does tasks: in this process, in several processes or on a cluster.

    Attributes:
        interruption: What the user is told if the user interrupts the tasks.
    """

    interruption: str

    def has_room(self) -> bool:
        """Whether another task can be started now."""

    def start(self, task: Task) -> None:
        """Start a task.

        Raises:
            InputError: A dataset cannot be read, or the store cannot be written.
        """

    def collect(self, timeout_s: float) -> list[Result]:
        """The results that have arrived since the last call.

        If there are none, the call waits for one, but not longer than ``timeout_s`` seconds.

        Raises:
            InputError: A dataset cannot be read, or the store cannot be written.
        """

    def release(self, dataset: DatasetVariant) -> None:
        """Drop the dataset's data from memory, because no task needs it any more."""

    def interrupt(self) -> list[Result]:
        """Have the started tasks save their state and end; returns those that were done by then."""


def do_tasks(
    tasks: Sequence[Task],
    schedule: Schedule,
    backend: Backend,
    observer: Observer,
    should_stop: ShouldStop,
) -> None:
    """Do all tasks, and those that wait for them. What another process holds is waited for; the others go on.

    The data of a dataset is released after the last task that needs it.

    Args:
        tasks: The tasks that can be done at once, in the order in which they should begin.
        schedule: Says what each task makes possible.
        backend: Does the tasks.
        observer: Is told of each task that is done.
        should_stop: Says whether the user has asked the program to stop.

    Raises:
        InputError: A dataset cannot be read, or the store cannot be written.
        Interrupted: ``should_stop`` returned true. What is not done can be taken up later.
    """
    queue = TaskQueue(tasks)
    while queue.unfinished and not should_stop():
        while backend.has_room() and (task := queue.take()) is not None:
            backend.start(task)
        for task, record in backend.collect(POLL_S):
            if record is None:
                queue.postpone(task)
            else:
                queue.finish(task)
                observer.ended(task, record)
                queue.add(schedule.after(task))
                if task.dataset.name not in schedule.datasets_of(queue.unfinished):
                    backend.release(task.dataset)
    if queue.unfinished:
        for task, record in backend.interrupt():
            if record is not None:
                observer.ended(task, record)
        raise Interrupted(backend.interruption)


class InThisProcess:
    """Does one task after the other in this process."""

    interruption = SAVED

    def __init__(self, task_runner: TaskRunner, observer: Observer, should_stop: ShouldStop) -> None:
        """``observer`` is told of the epochs of each task; ``should_stop`` is asked before each epoch."""
        self._task_runner, self._observer, self._should_stop = task_runner, observer, should_stop
        self._results: list[Result] = []

    def has_room(self) -> bool:
        """Whether the last task's result was collected, since a task is done as soon as it is started."""
        return not self._results

    def start(self, task: Task) -> None:
        """Do a task. If the user interrupts it, it has no record."""
        try:
            record = self._task_runner.run(task, self._observer.started(task), self._should_stop)
        except Interrupted:
            record = None
        self._results.append((task, record))

    def collect(self, timeout_s: float) -> list[Result]:
        """See :meth:`Backend.collect`. Without a result every task is held elsewhere, so this sleeps."""
        if not self._results:
            time.sleep(timeout_s)
        results, self._results = self._results, []
        return results

    def release(self, dataset: DatasetVariant) -> None:
        """See :meth:`Backend.release`."""
        self._task_runner.release(dataset)

    def interrupt(self) -> list[Result]:
        """See :meth:`Backend.interrupt`. No task is under way between two calls."""
        return []
