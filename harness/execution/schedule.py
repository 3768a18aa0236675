"""What a store lacks of a plan: each task as soon as the task that it needs is done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

from harness.execution.observer import Observer
from harness.execution.task_runner import TaskRunner
from harness.planning.plan import Plan
from harness.planning.runs import expand
from harness.planning.searches import searches, tuned
from harness.planning.tasks import Run, Search, Task
from harness.store import damage
from harness.store.damage import Damage
from harness.store.store import Store

logger = logging.getLogger(__name__)


class Schedule:
    """Says which tasks of a plan can be done at first, and which after each other task.

    A run of a tuned plan needs the best values of its search, and a warm start needs the run of the window
    before. All other tasks can be done at once.
    """

    def __init__(
        self, plan: Plan, task_runner: TaskRunner, accepts: Callable[[str], bool], observer: Observer
    ) -> None:
        """Sort the plan's tasks.

        Args:
            plan: The plan.
            task_runner: Knows the store and the identities of tasks.
            accepts: Says by a system's name in tables whether its tasks are to be done.
            observer: Is told how many tasks there are, which of them are stored, and which are damaged.
        """
        self._task_runner, self._observer = task_runner, observer
        self._at_once: list[Task] = []
        self._waiting: dict[str, list[Run]] = {}
        """Runs, by the identity of the task that each of them needs."""
        runs = [run for run in expand(plan) if isinstance(run, Run) and accepts(run.name)]
        if plan.tuning:
            self._at_once += [run for run in runs if run.system.is_external]
            self._wait_for_searches([pair for pair in searches(plan) if accepts(pair[0].name)])
        else:
            self._wait_for_windows(runs)

    def begin(self) -> list[Task]:
        """The tasks that can be done at once and that the store lacks: searches first, for runs need them."""
        return sorted(self._missing(self._at_once), key=lambda task: not isinstance(task, Search))

    def after(self, task: Task) -> list[Task]:
        """The tasks that the store lacks and that can be done now that a ``task`` is done."""
        identity = self._task_runner.identity(task)
        runs = self._waiting.pop(identity, [])
        if isinstance(task, Search):
            record = self._task_runner.store.search_record(identity)
            runs = [run for each in runs if isinstance(run := tuned(each, record), Run)]
        return self._missing(runs)

    @property
    def waiting(self) -> list[Run]:
        """The runs that cannot be done yet. Those of a tuned plan have the values before tuning."""
        return [run for runs in self._waiting.values() for run in runs]

    def datasets_of(self, tasks: Iterable[Task]) -> set[str]:
        """The names of the datasets that these tasks and all waiting ones need."""
        return {task.dataset.name for task in [*tasks, *self.waiting]}

    def _wait_for_searches(self, pairs: Iterable[tuple[Run, Search]]) -> None:
        for run, search in pairs:
            identity = self._task_runner.identity(search)
            if identity not in self._waiting:
                self._at_once.append(search)
            self._waiting.setdefault(identity, []).append(run)

    def _wait_for_windows(self, runs: Sequence[Run]) -> None:
        identity = self._task_runner.identity
        in_plan = {identity(run) for run in runs if run.system.start}
        for run in runs:
            before = identity(run.before) if run.before else None
            if before in in_plan:
                self._waiting.setdefault(before, []).append(run)
            else:
                self._at_once.append(run)

    def _missing(self, tasks: Sequence[Task]) -> list[Task]:
        """The tasks that the store lacks. In place of what it holds stands what that makes possible.

        What is stored but damaged is set aside, and is missing as well.
        """
        missing, store = [], self._task_runner.store
        self._observer.expect(len(tasks))
        for task in tasks:
            identity = self._task_runner.identity(task)
            damaged = damage.of_task(store, identity)
            set_aside(store, damaged, task.title, self._observer)
            if identity in store and not damaged:
                logger.debug("The task %s is stored already.", task.title)
                self._observer.already_stored(task)
                missing += self.after(task)
            else:
                missing.append(task)
        return missing


def set_aside(store: Store, damaged: list[Damage], title: str, observer: Observer) -> None:
    """Move damaged files away and say so. What another process is at work on stays."""
    for part in damaged:
        moved_to = damage.set_aside(store, part)
        if moved_to is not None:
            observer.damaged(title, moved_to)
