"""How much hyper-parameters matter: heat maps of two, curves of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.evaluation.stats.comparison import compare_with_references
from harness.planning.runs import runs_on
from harness.planning.tasks import Run
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def grids(evidence: Evidence, options: Options) -> Section:
    """Every grid of the plan by the first metric shown; empty where no point has run."""
    points = pd.DataFrame(_points(evidence))
    if points.empty:
        return Section()
    metric, dataset = evidence.shown[0], evidence.dataset.name
    found = compare_with_references(evidence.tables[metric][points["name"].unique()], {})
    points = points.merge(found[["system", "mean", "low", "high"]], left_on="name", right_on="system")
    text, figures = ["### Grids"], {}
    for place, (title, table, figure) in enumerate(_drawn(points, tables.title(metric)), start=1):
        name = f"grid-{dataset}-{place}"
        text += [f"{title}:", tables.markdown(table)]
        if options.figures:
            text.append(f"![Grid]({name}.png)")
            figures[name] = figure
    text.append(
        f"Means of {tables.title(metric)} on the test pairs show how much the values matter; nothing is "
        "chosen by them."
    )
    rows = points.drop(columns=["system", "one", "two"]).rename(columns={"line": "system"})
    rows = rows.assign(metric=metric, dataset=dataset)
    return Section(text, frames={"grids": rows}, figures=figures)


def _points(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Every finished point: its name in tables, its line, what is varied, and the values."""
    for run in runs_on(evidence.plan, evidence.dataset):
        if isinstance(run, Run) and run.varied and not run.repetition and run.name in evidence.groups:
            one, two = (run.settings[name] for name in (run.varied[0], run.varied[-1]))
            point = {"name": run.name, "line": run.system.name, "over": ", ".join(run.varied)}
            yield point | {"one": one, "two": two, "values": f"{one}, {two}" if run.varied[1:] else str(one)}


def _drawn(points: pd.DataFrame, metric: str) -> Iterator[tuple[str, pd.DataFrame, Figure]]:
    """Title, table and figure: a heat map a system and two parameters, curves of all systems for one."""
    for over, mine in points.groupby("over", sort=False):
        down, _, across = str(over).partition(", ")
        if not across:
            frame = mine.drop(columns="system").rename(columns={"line": "system", "one": "at"})
            yield (
                metric,
                tables.cross_table(
                    mine.rename(columns={"line": "System"}), "System", "values", "mean", ".4f"
                ),
                plots.curves(frame, down, metric),
            )
            continue
        for line, its in mine.groupby("line", sort=False):
            frame = its.rename(columns={"one": down, "two": across})
            title = f"{metric} of {line}, {down} down, {across} across"
            figure = plots.heat(frame, across, down, "mean", f"{metric}, {line}")
            yield title, tables.cross_table(frame, down, across, "mean", ".4f"), figure
