"""How much hyper-parameters matter: heat maps for two of them, curves for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.evaluation.stats.comparison import compare_with_references
from harness.planning.runs import runs_on
from harness.planning.tasks import Run
from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def grids(evidence: Evidence, options: Options) -> Section:
    """Show every grid of the plan on the first metric shown; empty if no point has finished runs."""
    points = pd.DataFrame(_points(evidence))
    if points.empty:
        return Section()
    metric, dataset = evidence.shown[0], evidence.dataset.name
    sample = evidence.samples[metric].of(list(points["name"].unique()))
    comparison = compare_with_references(sample, {}, evidence.plan.smallest_effect)
    points = points.merge(comparison[["system", "mean", "low", "high"]], left_on="name", right_on="system")
    text, figures = ["### Grids"], {}
    for number, (title, table, figure) in enumerate(
        _drawn(points, tables.title(metric), evidence.looks), start=1
    ):
        name = f"grid-{dataset}-{number}"
        text += [f"{title}:", tables.markdown(table)]
        if options.figures:
            text.append(f"![Grid]({name}.png)")
            figures[name] = figure
    text.append(
        f"The numbers are means of {tables.title(metric)} on the test pairs. They show how much the values "
        "matter; no value is chosen by them."
    )
    rows = points.drop(columns=["system", "one", "two"]).rename(columns={"line": "system"})
    rows = rows.assign(metric=metric, dataset=dataset)
    return Section(text, frames={"grids": rows}, figures=figures)


def _points(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield every point with finished runs: its name in tables, its line, what is varied, and the values."""
    for run in runs_on(evidence.plan, evidence.dataset):
        if isinstance(run, Run) and run.varied and not run.repetition and run.name in evidence.groups:
            one, two = (run.settings[name] for name in (run.varied[0], run.varied[-1]))
            point = {"name": run.name, "line": run.system.name, "over": ", ".join(run.varied)}
            yield point | {"one": one, "two": two, "values": f"{one}, {two}" if run.varied[1:] else str(one)}


def _drawn(
    points: pd.DataFrame, metric: str, looks: plots.Appearances
) -> Iterator[tuple[str, pd.DataFrame, Figure]]:
    """Yield title, table and figure of every grid.

    A grid of two hyper-parameters is a heat map for each system; grids of one are curves of all systems.
    """
    for over, rows in points.groupby("over", sort=False):
        down, _, across = str(over).partition(", ")
        if not across:
            frame = rows.drop(columns="system").rename(columns={"line": "system", "one": "at"})
            named = rows.rename(columns={"line": "System"})
            table = tables.cross_table(named, "System", "values", "mean", ".4f")
            yield metric, table, plots.curves(frame, down, metric, looks=looks)
            continue
        for line, rows_of_system in rows.groupby("line", sort=False):
            frame = rows_of_system.rename(columns={"one": down, "two": across})
            title = f"{metric} of {tables.escape_markdown(line)}, {down} down, {across} across"
            figure = plots.heat(frame, across, down, "mean", f"{metric}, {line}")
            yield title, tables.cross_table(frame, down, across, "mean", ".4f"), figure
