"""What a terminal shows of a plan in progress; quiet and plain elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.fitting import Progress as Epochs
from harness.plan import Run


@contextmanager
def watcher(console: Console, runs: int) -> Iterator[Any]:
    """A bar for runs and one for epochs on a terminal; a line a run elsewhere."""
    if not console.is_terminal:
        yield _Plain(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        yield _Bars(console, bars, runs)


def _title(run: Run) -> str:
    return f"{run.dataset.name} {run.name} repetition {run.repetition + 1}"


def _summary(run: Run, record: dict[str, Any]) -> str:
    if record["status"] == "failed":
        return f"{_title(run)}: failed, {record['reason']}"
    epochs = f", {record['epochs']} epochs (best {record['best_epoch']})" if "epochs" in record else ""
    return f"{_title(run)}: {record['seconds_s']:.1f} s{epochs}"


class _Plain:
    """One line when a run ends."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def known(self, run: Run) -> None:
        pass

    def damaged(self, run: Run, place: Path) -> None:
        text = f"{_title(run)}: its files are damaged, now in {place}; done again"
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def started(self, run: Run) -> Epochs:
        return lambda epoch, score: None

    def ended(self, run: Run, record: dict[str, Any]) -> None:
        self.console.print(_summary(run, record), markup=False, highlight=False, soft_wrap=True)


class _Bars(_Plain):
    """Bars with the time left."""

    def __init__(self, console: Console, bars: Progress, runs: int) -> None:
        super().__init__(console)
        self.bars = bars
        self.runs = bars.add_task("runs", total=runs)
        self.epochs = bars.add_task("epochs", total=None, visible=False)
        self.best = 0.0

    def known(self, run: Run) -> None:
        self.bars.advance(self.runs)

    def started(self, run: Run) -> Epochs:
        title, self.best = escape(_title(run)), 0.0
        trained = not run.system.is_classic
        self.bars.reset(self.epochs, total=run.training.epochs, visible=trained, description=title)

        def progress(epoch: int, score: float | None) -> None:
            self.best = max(self.best, score or 0.0)
            text = f"{title}  {run.training.metric} {self.best:.4f}" if self.best else title
            self.bars.update(self.epochs, completed=epoch, description=text)

        return progress

    def ended(self, run: Run, record: dict[str, Any]) -> None:
        super().ended(run, record)
        self.bars.advance(self.runs)
