"""Sparse and dense users apart, and popular and rare items: tables, trends, and curves."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.evaluation.stats.stratified import by_stratum, compare_in_each, trends
from harness.evaluation.strata import ITEM_STRATA, user_strata
from harness.planning.parts import StrataPlan
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section
from harness.store.columns import DEGREE, SYSTEM, USER

GROUPED = {
    "equal_users": "strata hold about the same number of tested users",
    "equal_interactions": "strata hold about the same number of train pairs of tested users",
}


def users(evidence: Evidence, plan: StrataPlan, options: Options) -> Section:
    """Strata of users by train degree, by the first metric shown."""
    heading = "### By train pairs of a user"
    noted = evidence.store.notes.degrees(evidence.dataset.key(evidence.plan.seed))
    if noted is None:
        return Section(
            [
                heading,
                "The store does not hold the users' train pairs; `intentbench run` once more notes them.",
            ]
        )
    metric = evidence.shown[0]
    table = _by_mean(evidence.tables[metric])
    degree = noted.set_index(USER)[DEGREE].loc[table.index]
    labels = user_strata(degree, plan.users, plan.groups, plan.edges)
    references = evidence.references(metric)
    found = by_stratum(table, labels, references)
    trend = trends(table, degree, labels, references)
    grouped = "strata end with the degrees given" if plan.edges else GROUPED[plan.users]
    text = [
        heading,
        tables.markdown(tables.strata(found)),
        f"{tables.title(metric)}; {grouped}, and users of one degree are never parted. {_caption(found)}",
    ]
    if not trend.empty:
        text += [tables.markdown(tables.trends(trend)), _trend_caption(metric)]
    rows = {"strata": _named(found, evidence, metric), "trends": _named(trend, evidence, metric)}
    drawn = _curves(evidence, found, references, "strata", "train pairs of a user", metric, options)
    return Section(text + drawn.markdown, frames=rows, figures=drawn.figures)


def items(evidence: Evidence, options: Options) -> Section:
    """Recall of tail, middle and head items apart, at the cut-off of the first metric shown."""
    first = evidence.shown[0]
    metric = f"recall@{first.partition('@')[2]}"
    names = [f"{metric}|{label}" for label in ITEM_STRATA]
    scores = evidence.store.user_means(evidence.groups, names)
    order = _by_mean(evidence.tables[first]).columns
    by_label = {
        label: scores.pivot(index=USER, columns=SYSTEM, values=name)[order].dropna()
        for label, name in zip(ITEM_STRATA, names, strict=True)
    }
    references = evidence.references(first)
    found = compare_in_each(by_label, references)
    text = [
        "### By popularity of the relevant items",
        tables.markdown(tables.strata(found)),
        f"{tables.title(metric)} of the relevant items in the stratum alone, over the users who have any; "
        f"each stratum's items hold about a third of the train pairs. {_caption(found)}",
    ]
    drawn = _curves(evidence, found, references, "items", "popularity of the items", metric, options)
    rows = {"items": _named(found, evidence, metric)}
    return Section(text + drawn.markdown, frames=rows, figures=drawn.figures)


def _by_mean(table: pd.DataFrame) -> pd.DataFrame:
    return table[table.mean().sort_values(ascending=False, kind="stable").index]


def _curves(
    evidence: Evidence,
    found: pd.DataFrame,
    references: Mapping[str, str],
    name: str,
    axis: str,
    metric: str,
    options: Options,
) -> Section:
    """The figure, with the gains of systems over their own backbones; where there are none, all gains."""
    if not options.figures or not evidence.plain:
        return Section()
    drawn = found[found["system"].isin(evidence.plain)]
    own = [system for system in evidence.plain if evidence.backbone(system)]
    gaining = own or [system for system in references if system in evidence.plain]
    figure = plots.sparsity(drawn, tables.title(metric), gaining, axis)
    name = f"{name}-{evidence.dataset.name}"
    return Section([f"![Curves over strata]({name}.png)"], figures={name: figure})


def _named(frame: pd.DataFrame, evidence: Evidence, metric: str) -> pd.DataFrame:
    named = frame.assign(metric=metric)
    named.insert(0, "dataset", evidence.dataset.name)
    return named


def _caption(found: pd.DataFrame) -> str:
    return (
        "95 % bootstrap intervals over users. Per cent: gain over the backbone where it has run, else over "
        "the best baseline. ▲ better, ▼ worse: the paired randomisation test survives Holm at .05 over "
        f"{int(found['p_holm'].notna().sum())} tests."
    )


def _trend_caption(metric: str) -> str:
    return (
        f"Trend: change of the gain in {tables.title(metric)} with each doubling of 1 + train pairs (least "
        "squares, robust errors); sparsest - densest: difference of the two strata's gains (Welch). "
        "95 % intervals; p by Holm over both columns. Both speak of absolute gains."
    )
