"""``intentbench split``: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import expanded, say

app = typer.Typer(help="Write the splits of a plan for training elsewhere.", no_args_is_help=True)


@app.callback()
def split() -> None:
    """Write the splits of a plan for training elsewhere."""


@app.command()
def export(
    plan: PlanArgument,
    out: Annotated[
        Path,
        typer.Option(
            help="Each dataset of the plan gets a folder of its name in this folder.",
            callback=expanded,
            show_default=False,
        ),
    ],
    with_test: Annotated[
        bool, typer.Option("--with-test", help="The test pairs are written too, for your own evaluation.")
    ] = False,
) -> None:
    """Write train and validation pairs, the users to rank and the candidates, and no test pair."""
    from harness.external.export import MANIFEST, export_split
    from harness.planning.plan import load_plan
    from harness.training.elsewhere import request_of
    from harness.training.loading import load_dataset

    loaded = load_plan(find_plan(plan))
    for variant in loaded.variants:
        request = request_of(loaded, load_dataset(variant, loaded.seed))
        export_split(request, out, with_test)
        say(f"{variant.name}: split {request.split}; {out / variant.name / MANIFEST} says what to send back.")
