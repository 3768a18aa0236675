"""``intentbench report``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli.plan_names import find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, expanded, say

REPORTS = Path("reports")
"""The folder of all reports, which git ignores."""

FiguresOption = Annotated[
    str,
    typer.Option(
        metavar="FORMATS",
        help="Figures are written in these formats, with commas between them: png, svg, pdf. PNG is always "
        "written.",
    ),
]


def figure_formats(text: str) -> tuple[str, ...]:
    """Read the formats of ``--figures``; PNG is always one of them.

    Raises:
        InputError: A format is unknown.
    """
    from harness.errors import InputError, did_you_mean
    from harness.report.plots import FORMATS

    formats = [part.strip().lower() for part in text.split(",")]
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"--figures: unknown format {name!r}; {did_you_mean(name, FORMATS)}")
    return tuple(name for name in FORMATS if name == "png" or name in formats)


def report(
    plans: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PLAN...",
            help="Each plan is a YAML file, or a name that `intentbench plans` lists.",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The report is written to this folder. By default it is reports/NAME, with the plan's name. "
            "Several plans have a folder NAME each in it.",
            callback=expanded,
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="index.html of this folder is written: every report in it, what it asks and what it found. "
            "Several plans write it without this option.",
            callback=expanded,
            show_default=False,
        ),
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            help="Published numbers from this CSV file are shown beside ours.",
            callback=expanded,
            show_default=False,
        ),
    ] = None,
    costs: Annotated[bool, typer.Option(help="The tables show seconds and memory.")] = True,
    figures: FiguresOption = "png",
    no_figures: Annotated[bool, typer.Option("--no-figures", help="No figures are drawn.")] = False,
    wilcoxon: Annotated[
        bool, typer.Option("--wilcoxon", help="pairs.csv also has Wilcoxon's test, with a warning.")
    ] = False,
) -> None:
    """Write tables, rows, figures and a page from what is stored. Nothing is trained."""
    from harness.errors import InputError
    from harness.planning.plan import load_plan
    from harness.report.document import write
    from harness.report.page.index import write_index
    from harness.report.section import Options
    from harness.store.store import Store

    if not plans and index is None:
        raise InputError("no plan is named; expected one or more plans, or --index FOLDER")
    options = Options(costs, not no_figures, wilcoxon, figure_formats(figures))
    loaded = [load_plan(find_plan(plan)) for plan in plans or ()]
    _refuse_equal_names(loaded)
    for plan in loaded:
        folder = (out or REPORTS / plan.name) if len(loaded) == 1 else (out or REPORTS) / plan.name
        files = write(plan, Store(store), folder, published, options)
        if len(loaded) == 1:
            say(files[0].read_text(encoding="utf-8"))
        say(_where(folder, files))
    if len(loaded) > 1 and index is None:
        index = out or REPORTS
    if index is not None:
        say(f"{write_index(index)} shows every report of this folder.")


def _where(folder: Path, files: Sequence[Path]) -> str:
    """Say where a report is, and with which file to begin."""
    from harness.report.plots import FORMATS

    rows = sum(".csv" in file.name for file in files)
    figures = sum(file.suffix[1:] in FORMATS for file in files)
    return (
        f"The report is in the folder {folder}. Open leaderboard.html in a browser to sort and compare; "
        f"leaderboard.md and leaderboard.tex hold the tables. There are {rows} CSV files of numbers and "
        f"{figures} figures."
    )


def _refuse_equal_names(plans: list[Any]) -> None:
    """Refuse two plans whose reports would be one folder."""
    from harness.errors import InputError

    names = [plan.name for plan in plans]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two of the plans are named {name!r}, so their reports would be one folder")
