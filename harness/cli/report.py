"""``intentbench report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, expanded, say

REPORTS = Path("reports")
"""The folder of all reports, which git ignores."""


def report(
    plan: PlanArgument,
    store: StoreOption = DEFAULT_STORE,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The report is written to this folder. By default it is reports/NAME, with the plan's name.",
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
    figures: Annotated[bool, typer.Option(help="Figures are drawn as PNG, SVG and PDF.")] = True,
    wilcoxon: Annotated[
        bool, typer.Option("--wilcoxon", help="pairs.csv also has Wilcoxon's test, with a warning.")
    ] = False,
) -> None:
    """Write tables, rows and figures from what is stored. Nothing is trained."""
    from harness.planning.plan import load_plan
    from harness.report.document import write
    from harness.report.evidence import Options
    from harness.store.store import Store

    loaded, options = load_plan(find_plan(plan)), Options(costs, figures, wilcoxon)
    folder = out or REPORTS / loaded.name
    files = write(loaded, Store(store), folder, published, options)
    say(files[0].read_text(encoding="utf-8"))
    say(f"The report is in the folder {folder}: {', '.join(file.name for file in files)}.")
