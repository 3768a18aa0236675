"""What every command shares: the console, one sentence for bad input, a stop that waits for an epoch."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from harness.errors import InputError

PlanPath = Annotated[Path, typer.Argument(help="The plan, a YAML file.", show_default=False)]
StorePath = Annotated[Path, typer.Option(help="Folder of results.")]
DEFAULT_STORE = Path("store")

console = Console()


@contextmanager
def sentences() -> Iterator[None]:
    """Turn bad input into one sentence and exit code 2."""
    try:
        yield
    except InputError as error:
        typer.echo(f"intentbench: {error}", err=True)
        raise typer.Exit(2) from None


def show(table: Table) -> None:
    """Print a table; where there is no terminal to fit, as wide as it needs."""
    wide = console if console.is_terminal else Console(width=200)
    wide.print(table)


def progress_bars() -> Progress:
    """Bars with what is done and the time left, which go when they end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


class Stop:
    """Set by the first SIGINT or SIGTERM; the second SIGINT ends the process at once."""

    def __init__(self) -> None:
        """Take both signals over."""
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        """Whether somebody asked to stop."""
        return self.asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            typer.echo("intentbench: stopping after this epoch; once more to stop at once", err=True)
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
