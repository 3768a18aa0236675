"""``intentbench bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.report import REPORTS
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
    out: Annotated[
        Path,
        typer.Option(
            help="With --grow, the rows and the figure are written to this folder.", callback=expanded
        ),
    ] = REPORTS / "bench",
) -> None:
    """Time our training steps beside those of RecBole and of plainly written equations, on this machine."""
    from harness.bench import show

    rows = show.growth(only, largest, out) if grow else show.speed(only, repeats)
    say(rows.to_json(orient="records") if json else show.table(rows))
