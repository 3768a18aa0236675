"""All pairs of systems, and mean ranks across independent datasets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.evaluation.stats import ranks
from harness.evaluation.stats.paired import WILCOXON_WARNING, wilcoxon
from harness.evaluation.stats.pairs import win_tie_loss
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section


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
        "The test is the paired randomisation test at .05, with Holm's correction over all pairs of a "
        "dataset and metric. `pairs.csv` has every difference, its p, and the smallest difference that the "
        "test finds with a chance of 80 %.",
    ]
    if options.wilcoxon:
        text.append(WILCOXON_WARNING)
    ranking = _ranks(datasets, options)
    return Section(text + ranking.markdown, frames={"pairs": frame}, figures=ranking.figures)


def _pairs(evidence: Evidence, metric: str, options: Options) -> pd.DataFrame:
    """Return the rows of pairs.csv for one dataset and metric."""
    frame = evidence.pairs[metric].copy()
    if options.wilcoxon:
        table = evidence.tables[metric]
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
            (each.dataset.source.origin, each.dataset.name, metric): each.tables[metric][each.plain].mean()
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
    figure = plots.ranks(ranking.mean_ranks, ranking.p_nemenyi, ranking.critical_difference)
    return Section([text, "![Critical differences](ranks.png)"], figures={"ranks": figure})


def _listed(mean_ranks: pd.Series) -> str:
    return ", ".join(f"{tables.escape_markdown(name)} {rank:.2f}" for name, rank in mean_ranks.items())
