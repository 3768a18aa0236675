"""All pairs of systems, and mean ranks across independent datasets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.evaluation.stats import bradley_terry, ranks
from harness.evaluation.stats.paired import WILCOXON_WARNING, wilcoxon
from harness.evaluation.stats.pairs import win_tie_loss
from harness.evaluation.stats.these_runs import with_tests_of_these_runs
from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section


def comparisons(datasets: Sequence[Evidence], options: Options) -> Section:
    """Compare all pairs on every dataset and metric shown.

    If several datasets have the same three systems or more, their mean ranks are added.
    """
    pairs = [_pairs(evidence, metric, options) for evidence in datasets for metric in evidence.shown]
    pairs = [frame for frame in pairs if not frame.empty]
    if not pairs:
        return Section()
    frame = pd.concat(pairs, ignore_index=True)
    tested = len(datasets) * len(datasets[0].shown)
    text = [
        "## All pairs",
        tables.markdown(tables.numbered(win_tie_loss(frame))),
        "A cell counts on how many datasets and metrics the row's system is significantly better / neither "
        f"/ significantly worse than the column's system, of {tested} combinations of dataset and metric. "
        "The test at .05 allows for what the intervals allow for, with Holm's correction over all pairs of a "
        "dataset and metric. `pairs.csv` has every difference with its intervals, its p, the share of its "
        "variance that comes from seeds, the smallest difference that is found with a chance of 80 %, and "
        "the runs or users that would show the smallest effect. Its `p_randomisation` is a statement about "
        "these very runs.",
    ]
    if options.wilcoxon:
        text.append(WILCOXON_WARNING)
    ranking, strength = _ranks(datasets, options), _strengths(datasets)
    return Section(
        text + ranking.markdown + strength.markdown,
        frames={"pairs": frame} | strength.frames,
        figures=ranking.figures,
    )


def _pairs(evidence: Evidence, metric: str, options: Options) -> pd.DataFrame:
    """Return the rows of pairs.csv for one dataset and metric."""
    sample = evidence.samples[metric]
    frame = with_tests_of_these_runs(evidence.pairs[metric], sample, "first", "second")
    if options.wilcoxon:
        table = sample.means
        both = zip(frame["first"], frame["second"], strict=True)
        frame["p_wilcoxon"] = [wilcoxon((table[one] - table[two]).to_numpy()) for one, two in both]
    frame.insert(0, "dataset", evidence.dataset.name)
    frame.insert(1, "metric", metric)
    return frame


def _ranks(datasets: Sequence[Evidence], options: Options) -> Section:
    """Rank the systems that all datasets have, and test the mean ranks with Friedman's and Nemenyi's tests.

    The blocks of the tests are the sources of the datasets. Metrics of one dataset, and variants of one
    source, rank systems much alike; as blocks they would make Friedman's test raise false alarms in half of
    all studies.

    Ablations, controls and grid points are left out. Otherwise the rank of a system would depend on how many
    versions of another system there are.
    """
    means = pd.DataFrame(
        {
            (each.dataset.source.origin, each.dataset.name, metric): each.samples[metric].totals[each.plain]
            for each in datasets
            for metric in each.shown
        }
    ).T.dropna(axis="columns")
    if len(datasets) < 2 or means.shape[1] < 3:
        return Section()
    rank_of_cell = means.rank(axis=1, ascending=False)
    negative_ranks = -rank_of_cell.groupby(level=0, sort=False).mean()  # ranks.rank takes higher for better
    size = f"{len(datasets)} datasets x {len(datasets[0].shown)} metrics"
    if len(negative_ranks) < 2:
        mean_ranks = rank_of_cell.mean().sort_values(kind="stable")
        text = (
            f"Mean ranks over {size}: {_listed(mean_ranks)}. All datasets are made from one source, so the "
            "ranks are not tested: Friedman's test needs independent datasets."
        )
        return Section([text])
    ranking = ranks.rank(negative_ranks)
    text = (
        f"Mean ranks over {ranking.blocks} sources, where the rank in a source is the mean over its metrics "
        f"and variants ({size}): {_listed(ranking.mean_ranks)}. Friedman "
        f"{tables.p_value(ranking.p_friedman)}. Two systems differ significantly at .05 if their mean ranks "
        f"differ by more than {ranking.critical_difference:.2f} (Nemenyi)."
    )
    if not options.figures or np.ptp(ranking.mean_ranks) == 0:
        return Section([text])
    looks = datasets[0].looks
    figure = plots.ranks(ranking.mean_ranks, ranking.p_nemenyi, ranking.critical_difference, looks)
    return Section([text, "![Critical differences](ranks.png)"], figures={"ranks": figure})


def _strengths(datasets: Sequence[Evidence]) -> Section:
    """Give each system that all datasets have one strength, if there are several independent datasets."""
    by_source = {each.dataset.source.origin: each for each in reversed(datasets)}
    members = list(by_source.values())[::-1]
    common = [name for name in members[0].plain if all(name in each.plain for each in members)]
    if len(members) < 2 or len(common) < 3:
        return Section()
    metric = members[0].shown[0]
    frame = bradley_terry.strengths([each.samples[metric].means[common] for each in members])
    rows = pd.DataFrame(
        {
            "System": frame["system"],
            "strength": [f"{value:.3f}" for value in frame["strength"]],
            "rank": [f"{value:g}" for value in frame["rank"]],
            "95 % interval": [f"{row.rank_low:g} to {row.rank_high:g}" for row in frame.itertuples()],
        }
    )
    text = (
        f"Strengths over {len(members)} datasets: the model of Bradley and Terry, with ties, for which of "
        f"two systems serves a user better by {tables.title(metric)}. Strengths add up to 1, and a system of "
        "twice the strength wins twice as many users as it loses. Each source counts once. The intervals "
        "draw datasets and users with replacement; with few datasets they are rough."
    )
    return Section([tables.markdown(rows), text], frames={"strengths": frame.assign(metric=metric)})


def _listed(mean_ranks: pd.Series) -> str:
    return ", ".join(f"{tables.escape_markdown(name)} {rank:.2f}" for name, rank in mean_ranks.items())
