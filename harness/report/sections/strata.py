"""Strata: users with few and with many train pairs, and items from rare to popular."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.stratified import compare_in_each, in_strata, trends
from harness.evaluation.stats.these_runs import with_tests_in_each
from harness.evaluation.strata import ITEM_STRATA
from harness.planning.parts import StrataPlan
from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section

GROUPED = {
    "equal_users": "Strata hold about the same number of tested users",
    "equal_interactions": "Strata hold about the same number of train pairs of tested users",
}


def users(evidence: Evidence, plan: StrataPlan, options: Options) -> Section:
    """Compare the systems in strata of users by train degree, on the first metric shown."""
    heading = "### By train pairs of a user"
    metric = evidence.shown[0]
    sample = _best_first(evidence.samples[metric])
    labels, degrees = evidence.user_strata(sample.users, plan), evidence.degrees
    if labels is None or degrees is None:
        missing = (
            "The store does not hold the users' train pairs, so there are no strata. `intentbench run` "
            "with this plan stores them; it repeats no finished run."
        )
        return Section([heading, missing])
    references = evidence.references(metric)
    samples = in_strata(sample, labels)
    comparison = compare_in_each(samples, references, evidence.plan.smallest_effect)
    trend = trends(sample, degrees.loc[sample.users], labels, references)
    grouped = "Strata end with the degrees that the plan gives" if plan.edges else GROUPED[plan.users]
    text = [
        heading,
        tables.markdown(tables.strata(comparison)),
        f"The numbers are {tables.title(metric)}. {grouped}, and all users of one degree are in the same "
        f"stratum. {_caption(comparison, evidence)}",
    ]
    if not trend.empty:
        text += [tables.markdown(tables.trends(trend)), _trend_caption(metric)]
    tested = with_tests_in_each(comparison, samples)
    rows = {"strata": _named(tested, evidence, metric), "trends": _named(trend, evidence, metric)}
    figure = _figure(evidence, comparison, references, "strata", "train pairs of a user", metric, options)
    return Section(text + figure.markdown, frames=rows, figures=figure.figures)


def items(evidence: Evidence, options: Options) -> Section:
    """Compare the recall of tail, middle and head items, at the cut-off of the first metric shown."""
    first = evidence.shown[0]
    metric = f"recall@{first.partition('@')[2]}"
    columns = [f"{metric}|{label}" for label in ITEM_STRATA]
    samples, order = evidence.samples_of(columns), list(_best_first(evidence.samples[first]).scores)
    by_label = {label: samples[column].of(order) for label, column in zip(ITEM_STRATA, columns, strict=True)}
    references = evidence.references(first)
    comparison = compare_in_each(by_label, references, evidence.plan.smallest_effect)
    text = [
        "### By popularity of the relevant items",
        tables.markdown(tables.strata(comparison)),
        f"The numbers are {tables.title(metric)} of the relevant items in the stratum only, over the users "
        "who have any. The items of each stratum hold about a third of the train pairs. "
        f"{_caption(comparison, evidence)}",
    ]
    figure = _figure(evidence, comparison, references, "items", "popularity of the items", metric, options)
    rows = {"items": _named(with_tests_in_each(comparison, by_label), evidence, metric)}
    return Section(text + figure.markdown, frames=rows, figures=figure.figures)


def _best_first(sample: Sample) -> Sample:
    """Return the sample with its systems in the order of their means, the best first."""
    return sample.of(list(sample.totals.sort_values(ascending=False, kind="stable").index))


def _figure(
    evidence: Evidence,
    comparison: pd.DataFrame,
    references: Mapping[str, str],
    name: str,
    axis: str,
    metric: str,
    options: Options,
) -> Section:
    """Draw means over strata, and the gains of systems over their backbones; if there are none, all gains."""
    if not options.figures or not evidence.plain:
        return Section()
    drawn = comparison[comparison["system"].isin(evidence.plain)]
    with_backbone = [system for system in evidence.plain if evidence.backbone(system)]
    gaining = with_backbone or [system for system in references if system in evidence.plain]
    figure = plots.sparsity(drawn, tables.title(metric), gaining, axis, evidence.looks)
    name = f"{name}-{evidence.dataset.name}"
    return Section([f"![Curves over strata]({name}.png)"], figures={name: figure})


def _named(frame: pd.DataFrame, evidence: Evidence, metric: str) -> pd.DataFrame:
    """Add the names of dataset and metric to the rows."""
    named = frame.assign(metric=metric)
    named.insert(0, "dataset", evidence.dataset.name)
    return named


def _caption(comparison: pd.DataFrame, evidence: Evidence) -> str:
    return (
        "The per cents are gains over the system's backbone if that has finished runs, and else over the "
        "best baseline. ▲ marks a better, ▼ a worse and = an equal system. "
        f"{tables.tested(comparison, evidence.plan.smallest_effect)}"
    )


def _trend_caption(metric: str) -> str:
    return (
        f"The trend is the change of the gain in {tables.title(metric)} with each doubling of 1 + train "
        "pairs (least squares with robust errors). Sparsest - densest is the gain in the sparsest stratum "
        "minus the gain in the densest. Both tests allow for other users and other seeds. Gains are "
        "absolute, not in per cent; brackets hold 95 % intervals, and p has Holm's correction over both "
        "columns."
    )
