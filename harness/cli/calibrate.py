"""``intentbench calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.terminal import sentences
from harness.errors import InputError


def calibrate(
    store: Annotated[list[Path], typer.Option(help="Folder of results; may stand several times.")],
    metric: Annotated[str, typer.Option(help="Whose per-user values are taken.")] = "recall@20",
    comparisons: Annotated[int, typer.Option(min=1, help="Simulated comparisons a source.")] = 1000,
    out: Annotated[Path, typer.Option(help="Folder of the rows and the figure.")] = Path(
        "results/calibration"
    ),
) -> None:
    """Measure the tests' false alarms and power on simulated comparisons of a store's own scores."""
    with sentences():
        from harness.evaluation.metrics import check_metric
        from harness.report.calibration import calibrate

        try:
            check_metric(metric)
        except ValueError as error:
            raise InputError(f"--metric: {error}") from None
        found = calibrate(store, metric, comparisons, out, typer.echo)
        typer.echo(found.to_string(index=False, float_format="{:.4f}".format))
