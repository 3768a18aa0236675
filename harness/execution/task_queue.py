"""The tasks that are still to be done, and when each of them may be tried."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable

from harness.planning.tasks import Task

POLL_S = 0.5
"""How long a task that another process holds is left alone before it is tried again, in seconds."""


class TaskQueue:
    """Hands out tasks in their order.

    Several commands may work on one store, and each task is done by the first process that claims it. A task
    that another process holds goes to the end of the queue and is handed out again after ``POLL_S`` seconds
    at the earliest. The tasks behind it are handed out meanwhile.
    """

    def __init__(self, tasks: Iterable[Task], clock: Callable[[], float] = time.monotonic) -> None:
        """Line the tasks up.

        Args:
            tasks: What is to be done, in the order in which it should begin.
            clock: Returns the time in seconds.
        """
        self.unfinished = list(tasks)
        """The tasks that are not done yet: those that wait, and those that were handed out."""
        self._clock = clock
        self._waiting = deque((clock(), task) for task in self.unfinished)

    def take(self) -> Task | None:
        """Hand out the next task. None if every task is handed out or must be left alone for now."""
        if not self._waiting or self._waiting[0][0] > self._clock():
            return None
        return self._waiting.popleft()[1]

    def postpone(self, task: Task) -> None:
        """Take back a task that was handed out and that another process holds."""
        self._waiting.append((self._clock() + POLL_S, task))

    def add(self, tasks: Iterable[Task]) -> None:
        """Line up tasks that can be done only now, before those that must be left alone for a while."""
        new = [(self._clock(), task) for task in tasks]
        self.unfinished += [task for _, task in new]
        self._waiting = deque(sorted([*self._waiting, *new], key=lambda entry: entry[0]))

    def finish(self, task: Task) -> None:
        """Strike off a task that was handed out and is done."""
        self.unfinished.remove(task)
