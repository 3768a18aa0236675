"""All pairs of systems, and mean ranks across independent datasets."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.evaluation.stats import ranks
from harness.evaluation.stats.paired import WILCOXON_WARNING, wilcoxon
from harness.evaluation.stats.pairs import win_tie_loss
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section


def comparisons(everything: Sequence[Evidence], options: Options) -> Section:
    """All pairs over all datasets and the metrics shown; ranks where two datasets share three systems."""
    pairs = [_pairs(each, metric, options) for each in everything for metric in each.shown]
    frame = pd.concat(pairs, ignore_index=True)
    if frame.empty:
        return Section()
    cells = len(everything) * len(everything[0].shown)
    text = [
        "## All pairs",
        tables.markdown(tables.numbered(win_tie_loss(frame))),
        "Row against column, significantly better / even / worse (paired randomisation test, Holm over all "
        f"pairs of a dataset and metric, .05), over {cells} pairs of dataset and metric. "
        "`pairs.csv` has every difference, its p, and the smallest that could have been seen.",
    ]
    if options.wilcoxon:
        text.append(WILCOXON_WARNING)
    ranked = _ranks(everything, options)
    return Section(text + ranked.markdown, frames={"pairs": frame}, figures=ranked.figures)


def _pairs(evidence: Evidence, metric: str, options: Options) -> pd.DataFrame:
    frame = evidence.pairs[metric].copy()
    if options.wilcoxon:
        table = evidence.tables[metric]
        both = zip(frame["first"], frame["second"], strict=True)
        frame["p_wilcoxon"] = [wilcoxon((table[one] - table[two]).to_numpy()) for one, two in both]
    frame.insert(0, "dataset", evidence.dataset.name)
    frame.insert(1, "metric", metric)
    return frame


def _ranks(everything: Sequence[Evidence], options: Options) -> Section:
    """Mean ranks of the whole systems that every dataset has; Friedman and Nemenyi over their sources.

    Metrics of one dataset and variants of one source rank systems much alike: taken for independent blocks
    they make Friedman's test raise false alarms in every second study and more.

    Ablations, controls and points of grids are left out: a system's rank would tell how many versions of
    another stand beside it.
    """
    means = pd.DataFrame(
        {
            (each.dataset.source.origin, each.dataset.name, metric): each.tables[metric][each.plain].mean()
            for each in everything
            for metric in each.shown
        }
    ).T.dropna(axis="columns")
    if len(everything) < 2 or means.shape[1] < 3:
        return Section()
    cells = means.rank(axis=1, ascending=False)
    sources = -cells.groupby(level=0, sort=False).mean()
    over = f"{len(everything)} datasets x {len(everything[0].shown)} metrics"
    if len(sources) < 2:
        text = (
            f"Mean ranks over {over}: {_listed(cells.mean().sort_values(kind='stable'))}. The datasets have "
            "one source; Friedman's test asks for independent ones."
        )
        return Section([text])
    found = ranks.rank(sources)
    text = (
        f"Mean ranks over {found.blocks} sources, in each by the mean rank over its metrics and variants "
        f"({over}): {_listed(found.mean_ranks)}. Friedman {tables.p_value(found.p_friedman)}; ranks "
        f"farther apart than {found.critical_difference:.2f} differ at .05 (Nemenyi)."
    )
    if not options.figures:
        return Section([text])
    figure = plots.ranks(found.mean_ranks, found.p_nemenyi, found.critical_difference)
    return Section([text, "![Critical differences](ranks.png)"], figures={"ranks": figure})


def _listed(mean_ranks: pd.Series) -> str:
    return ", ".join(f"{name} {rank:.2f}" for name, rank in mean_ranks.items())
