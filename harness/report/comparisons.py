"""All pairs of systems, and mean ranks across datasets."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness import plots, tables
from harness.report.evidence import Evidence, Options, Section
from harness.stats import ranks
from harness.stats.paired import WILCOXON_WARNING, wilcoxon
from harness.stats.pairs import win_tie_loss


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
    """Friedman and Nemenyi over datasets x metrics, for the whole systems that every dataset has.

    Ablations, controls and points of grids are left out: a system's rank would tell how many versions of
    another stand beside it.
    """
    means = pd.DataFrame(
        {
            f"{each.dataset.name}, {metric}": each.tables[metric][each.plain].mean()
            for each in everything
            for metric in each.shown
        }
    ).T.dropna(axis="columns")
    if len(everything) < 2 or means.shape[1] < 3:
        return Section()
    found = ranks.rank(means)
    listed = ", ".join(f"{name} {rank:.2f}" for name, rank in found.mean_ranks.items())
    text = (
        f"Mean ranks over {found.blocks} blocks ({len(everything)} datasets x {len(everything[0].shown)} "
        f"metrics, of which the metrics of one dataset are not independent): {listed}. Friedman "
        f"p {tables.probability(found.p_friedman)}; ranks farther apart than {found.critical_difference:.2f} "
        "differ at .05 (Nemenyi)."
    )
    if not options.figures:
        return Section([text])
    figure = plots.ranks(found.mean_ranks, found.p_nemenyi, found.critical_difference)
    return Section([text, "![Critical differences](ranks.png)"], figures={"ranks": figure})
