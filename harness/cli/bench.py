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
    peers: Annotated[
        bool,
        typer.Option(
            "--peers",
            help="The command measures instead evaluation, fits and LightGCN beside other libraries.",
        ),
    ] = False,
    end_to_end: Annotated[
        bool,
        typer.Option(
            "--end-to-end",
            help="The command measures instead every stage from the rows of a table to a leaderboard.",
        ),
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(
            help="Only this row or system is measured; with --peers, only this work or library.",
            show_default=False,
        ),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="The median of this many steps counts.")] = 5,
    largest: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="With --grow, the largest graph has this many times the nodes of Amazon-book (default 64). "
            "With --end-to-end, the largest table has at most this many pairs (default 10 million).",
            show_default=False,
        ),
    ] = None,
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
    from harness.errors import InputError

    if grow + peers + end_to_end > 1:
        raise InputError("--grow, --peers and --end-to-end measure different things; expected one of them")
    formats = figure_formats(figures)
    if grow:
        rows = show.growth(only, largest or 64, out, formats)
    elif peers:
        rows = show.beside_peers(only, repeats, seconds, out, resume)
    elif end_to_end:
        rows = show.end_to_end(largest or 10_000_000, out, resume)
    else:
        rows = show.speed(only, repeats, seconds, out, resume)
    say(rows.to_json(orient="records") if json else show.table(rows))
