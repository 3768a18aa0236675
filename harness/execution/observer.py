"""Who is told what happens to the tasks of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from harness.planning.tasks import Task
from harness.store.record import Record
from harness.training.loop import Progress


class Observer(Protocol):
    """Is told what happens to the tasks of a plan, so that it can be shown."""

    def expect(self, tasks: int) -> None:
        """``tasks`` more tasks belong to the plan."""

    def already_stored(self, task: Task) -> None:
        """The store holds the task already."""

    def damaged(self, title: str, moved_to: Path) -> None:
        """Stored files of a task or dataset are not as they were written. The work is done again."""

    def started(self, task: Task) -> Progress:
        """The task begins in this process. Returns what is to be told of its epochs or trials."""

    def ended(self, task: Task, record: Record) -> None:
        """The task is done and stored."""
