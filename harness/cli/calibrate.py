"""``intentbench calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.report import REPORTS, FiguresOption, figure_formats
from harness.cli.terminal import all_expanded, expanded, say
from harness.errors import InputError


def calibrate(
    store: Annotated[
        list[Path],
        typer.Option(
            help="The scores are read from this store. The option may be given several times.",
            callback=all_expanded,
            show_default=False,
        ),
    ],
    metric: Annotated[str, typer.Option(help="The users' values of this metric are taken.")] = "recall@20",
    comparisons: Annotated[
        int,
        typer.Option(
            min=1, help="This is the number of simulated tables, and of single comparisons, for each source."
        ),
    ] = 1000,
    out: Annotated[
        Path, typer.Option(help="The rows and the figure are written to this folder.", callback=expanded)
    ] = REPORTS / "calibration",
    figures: FiguresOption = "png",
) -> None:
    """Measure false marks, coverage and power in tables that are simulated from a store's scores."""
    from harness.evaluation.metrics import check_metric
    from harness.report.calibration import calibrate

    try:
        check_metric(metric)
    except ValueError as error:
        raise InputError(f"--metric: {error}") from None
    marks = calibrate(store, metric, comparisons, out, say, figure_formats(figures))
    say(marks.to_string(index=False, float_format="{:.4f}".format))
