"""What a terminal shows of a plan in progress; quiet and plain elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.progress import Progress

from harness.cli.terminal import console, progress_bars
from harness.execution.task_runner import Task
from harness.store.record import Record, SearchRecord
from harness.training.loop import Progress as Epochs


@contextmanager
def watcher() -> Iterator[Any]:
    """A bar for runs and one for epochs or trials on a terminal; a line a run elsewhere."""
    if not console.is_terminal:
        yield _Plain()
        return
    with progress_bars() as bars:
        yield _Bars(bars)


def _summary(task: Task, record: Record) -> str:
    if record.status == "failed":
        return f"{task.title}: failed, {record.reason}"
    text = f"{task.title}: {record.seconds_s:.1f} s"
    if isinstance(record, SearchRecord):
        gain = f"{task.training.metric} {record.valid_before or 0.0:.4f} -> {record.valid:.4f}"
        return f"{text}, {sum(record.trials.values())} trials, {gain}"
    trained = record.epochs is not None
    return f"{text}, {record.epochs} epochs (best {record.best_epoch})" if trained else text


class _Plain:
    """One line when a run ends."""

    def expect(self, tasks: int) -> None:
        pass

    def known(self, task: Task) -> None:
        pass

    def damaged(self, title: str, place: Path) -> None:
        text = f"{title}: its files are damaged, now in {place}; done again"
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    def started(self, task: Task) -> Epochs:
        return lambda epoch, score: None

    def ended(self, task: Task, record: Record) -> None:
        console.print(_summary(task, record), markup=False, highlight=False, soft_wrap=True)


class _Bars(_Plain):
    """Bars with the time left."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.runs = bars.add_task("runs", total=0)
        self.steps = bars.add_task("epochs", total=None, visible=False)
        self.best = 0.0

    def expect(self, tasks: int) -> None:
        total = self.bars.tasks[self.runs].total or 0
        self.bars.update(self.runs, total=total + tasks)

    def known(self, task: Task) -> None:
        self.bars.advance(self.runs)

    def started(self, task: Task) -> Epochs:
        title, self.best = escape(task.title), 0.0
        visible = task.steps > 0
        self.bars.reset(self.steps, total=task.steps, visible=visible, description=title)

        def progress(step: int, score: float | None) -> None:
            self.best = max(self.best, score or 0.0)
            text = f"{title}  {task.training.metric} {self.best:.4f}" if self.best else title
            self.bars.update(self.steps, completed=step, description=text)

        return progress

    def ended(self, task: Task, record: Record) -> None:
        super().ended(task, record)
        self.bars.advance(self.runs)
