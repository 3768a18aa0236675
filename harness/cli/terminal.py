"""What every command shares: options that several commands have, and printing of text and tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from harness.errors import InputError, check_names
from harness.logs import printable

WIDTH_WITHOUT_TERMINAL = 200
"""Columns that a table may take where the output is a file or a pipe."""

console = Console()


def expanded(path: Path | None) -> Path | None:
    """A path from the command line with ``~`` replaced by the home folder.

    Raises:
        BadParameter: A name in it is too long.
    """
    return None if path is None else all_expanded([path])[0]


def all_expanded(paths: Any) -> list[Path]:  # typer cannot read list[Path] here on Python 3.10
    """Paths from the command line, as :func:`expanded`; none where nothing was given."""
    try:
        for path in paths or []:
            check_names(path)
    except InputError as error:
        raise typer.BadParameter(str(error)) from None
    return [path.expanduser() for path in paths or []]


DEFAULT_STORE = Path("store")
StoreOption = Annotated[
    Path, typer.Option(help="The store is the folder that keeps the results.", callback=expanded)
]


def say(text: str, *, to_stderr: bool = False) -> None:
    """Print a text as it is: nothing in it is markup, and no line is wrapped."""
    print(printable(text), file=sys.stderr if to_stderr else sys.stdout, flush=True)


def complain(sentence: str) -> None:
    """Print to the standard error what is wrong, on one line."""
    say(f"intentbench: {printable(sentence)}".replace("\n", "\\n"), to_stderr=True)


def cell(text: str) -> Text:
    """A text for a table or a line of rich, in which nothing is markup."""
    return Text(printable(text))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> None:
    """Print a table. It fits the terminal; in a file or a pipe it may be wider."""
    table = Table(title=None if title is None else cell(title))
    for heading in headings:
        table.add_column(cell(heading))
    for row in rows:
        table.add_row(*map(cell, row))
    wide = console if console.is_terminal else Console(width=WIDTH_WITHOUT_TERMINAL)
    wide.print(table)


def progress_bars() -> Progress:
    """Bars that show what is done and the time that is left, and that vanish at the end."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def replace_what_cannot_be_encoded() -> None:
    """Have the standard streams print ``?`` for a character that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
