"""``intentbench bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.report import REPORTS, FiguresOption, figure_formats
from harness.cli.terminal import expanded, say


def bench(
    json: Annotated[bool, typer.Option("--json", help="The rows are printed as JSON.")] = False,
    grow: Annotated[
        bool, typer.Option("--grow", help="The command measures instead how steps grow with the graph.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(help="Only this row or system is measured.", show_default=False)
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="The median of this many steps counts.")] = 5,
    largest: Annotated[
        int,
        typer.Option(
            min=1, help="With --grow, the largest graph has this many times the nodes of Amazon-book."
        ),
    ] = 64,
    seconds: Annotated[
        float, typer.Option(min=0, help="No comparison begins another turn after so many seconds.")
    ] = 10.0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Comparisons whose rows are in the folder already are left out.")
    ] = False,
    out: Annotated[
        Path, typer.Option(help="The rows, and with --grow the figure, are written here.", callback=expanded)
    ] = REPORTS / "bench",
    figures: FiguresOption = "png",
) -> None:
    """Time our training steps beside those of RecBole and of plainly written equations, on this machine."""
    from harness.bench import show

    formats = figure_formats(figures)
    if grow:
        rows = show.growth(only, largest, out, formats)
    else:
        rows = show.speed(only, repeats, seconds, out, resume)
    say(rows.to_json(orient="records") if json else show.table(rows))
