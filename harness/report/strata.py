"""Sparse and dense users apart: a table, trends, and curves."""

from __future__ import annotations

import pandas as pd

from harness import plots, tables
from harness.plan import StrataPlan, dataset_key
from harness.report.evidence import Evidence, Options, Section
from harness.stats.stratified import by_stratum, trends
from harness.strata import user_strata

GROUPED = {
    "equal_users": "strata hold about the same number of tested users",
    "equal_interactions": "strata hold about the same number of train pairs of tested users",
}


def strata(evidence: Evidence, plan: StrataPlan, options: Options) -> Section:
    """The strata section of one dataset, by the first metric shown."""
    noted = evidence.store.degrees(dataset_key(evidence.plan, evidence.dataset))
    heading = "### By train pairs of a user"
    if noted is None:
        return Section(
            [
                heading,
                "The store does not hold the users' train pairs; `intentbench run` once more notes them.",
            ]
        )
    metric, name = evidence.shown[0], evidence.dataset.name
    table = evidence.table(metric)
    table = table[table.mean().sort_values(ascending=False, kind="stable").index]
    degree = noted.set_index("user")["degree"].loc[table.index]
    labels = user_strata(degree, plan.users, plan.groups, plan.edges)
    references = evidence.references(metric)
    found = by_stratum(table, labels, references)
    trend = trends(table, degree, labels, references)
    text = [heading, tables.markdown(tables.strata(found)), _caption(plan, metric, found)]
    if not trend.empty:
        text += [tables.markdown(tables.trends(trend)), _trend_caption(metric)]
    figures = {}
    if options.figures:
        text.append(f"![Sparsity curves](strata-{name}.png)")
        figures[f"strata-{name}"] = plots.sparsity(
            found, tables.title(metric), _gaining(evidence, references)
        )
    rows = {"strata": _named(found, name, metric), "trends": _named(trend, name, metric)}
    return Section(text, frames=rows, figures=figures)


def _gaining(evidence: Evidence, references: dict[str, str]) -> list[str]:
    """Systems over their own backbone; where there are none, all that have a reference."""
    return [name for name in references if evidence.backbone(name)] or list(references)


def _named(frame: pd.DataFrame, dataset: str, metric: str) -> pd.DataFrame:
    named = frame.assign(metric=metric)
    named.insert(0, "dataset", dataset)
    return named


def _caption(plan: StrataPlan, metric: str, found: pd.DataFrame) -> str:
    grouped = "strata end with the degrees given" if plan.edges else GROUPED[plan.users]
    return (
        f"{tables.title(metric)} with 95 % bootstrap intervals over users; {grouped}, and users of one "
        "degree are never parted. Per cent: gain over the backbone where it has run, else over the best "
        f"baseline. ▲ better, ▼ worse: survives Holm at .05 over {int(found['p_holm'].notna().sum())} tests."
    )


def _trend_caption(metric: str) -> str:
    return (
        f"Trend: change of the gain in {tables.title(metric)} with each doubling of 1 + train pairs (least "
        "squares, robust errors); sparsest - densest: difference of the two strata's gains (Welch). "
        "95 % intervals; p by Holm over both columns. Both speak of absolute gains."
    )
