"""What a terminal shows while a plan is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import Progress

from harness.cli.terminal import cell, console, progress_bars
from harness.logs import printable
from harness.planning.tasks import Task
from harness.store.record import Record, SearchRecord
from harness.training.loop import Progress as Epochs


@contextmanager
def progress_display() -> Iterator[Any]:
    """Shows a line for each run that ends and, on a terminal, bars for runs and for epochs or trials."""
    if not console.is_terminal:
        yield _Lines()
        return
    with progress_bars() as bars:
        yield _Bars(bars)


def _summary(task: Task, record: Record) -> str:
    """What a finished or failed task came to, on one line."""
    if record.status == "failed":
        return f"{task.title}: failed, {record.reason}"
    text = f"{task.title}: {'judged' if record.seconds_s is None else f'{record.seconds_s:.1f} s'}"
    if isinstance(record, SearchRecord):
        gain = f"{task.training.metric} {record.valid_before or 0.0:.4f} -> {record.valid:.4f}"
        return f"{text}, {sum(record.trials.values())} trials, {gain}"
    trained = record.epochs is not None
    return f"{text}, {record.epochs} epochs (best {record.best_epoch})" if trained else text


def _print_line(text: str) -> None:
    """Print above the bars, if there are any."""
    console.print(cell(text), highlight=False, soft_wrap=True)


class _Lines:
    """A line for each task that ends."""

    def expect(self, tasks: int) -> None:
        pass

    def already_stored(self, task: Task) -> None:
        pass

    def damaged(self, title: str, moved_to: Path) -> None:
        _print_line(f"{title}: its files are damaged, now in {moved_to}; done again")

    def started(self, task: Task) -> Epochs:
        return lambda epoch, score: None

    def ended(self, task: Task, record: Record) -> None:
        _print_line(_summary(task, record))


class _Bars(_Lines):
    """Beside the lines, bars that show the time that is left."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.runs = bars.add_task("runs", total=0)
        self.steps = bars.add_task("epochs", total=None, visible=False)
        self.best = 0.0

    def expect(self, tasks: int) -> None:
        total = self.bars.tasks[self.runs].total or 0
        self.bars.update(self.runs, total=total + tasks)

    def already_stored(self, task: Task) -> None:
        self.bars.advance(self.runs)

    def started(self, task: Task) -> Epochs:
        title, self.best = printable(task.title), 0.0
        self.bars.reset(self.steps, total=task.steps, visible=task.steps > 0, description=title)

        def progress(step: int, score: float | None) -> None:
            self.best = max(self.best, score or 0.0)
            text = f"{title}  {task.training.metric} {self.best:.4f}" if self.best else title
            self.bars.update(self.steps, completed=step, description=text)

        return progress

    def ended(self, task: Task, record: Record) -> None:
        super().ended(task, record)
        self.bars.advance(self.runs)
