"""Friedman's test and Nemenyi's comparison of mean ranks, across independent datasets, never across users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.stats.paired import LEVEL


@dataclass(frozen=True)
class Ranking:
    """How systems rank over blocks.

    Attributes:
        mean_ranks: Mean rank of each system, 1 being the best; index system, best first.
        p_friedman: Chance of ranks as uneven as these if all systems were equally good.
        p_nemenyi: Square frame of the p of every pair, in the order of ``mean_ranks``.
        critical_difference: Two systems differ significantly if their mean ranks differ by more than this.
        blocks: Number of independent datasets.
    """

    mean_ranks: pd.Series
    p_friedman: float
    p_nemenyi: pd.DataFrame
    critical_difference: float
    blocks: int


def rank(means: pd.DataFrame) -> Ranking:
    """Rank the systems in every block and compare their mean ranks.

    Paper: Demšar, Statistical comparisons of classifiers over multiple data sets (2006).

    Args:
        means: One row per block (an independent dataset), one column per system; higher is better.

    Raises:
        ValueError: There are fewer than 2 blocks or 3 systems, or a mean is missing.
    """
    import scikit_posthocs

    blocks, systems = means.shape
    if blocks < 2 or systems < 3 or means.isna().any(axis=None):
        raise ValueError(f"{blocks} blocks x {systems} systems; expected 2 x 3 or more, none missing")
    mean_ranks = means.rank(axis=1, ascending=False).mean().sort_values(kind="stable")
    table = means[mean_ranks.index]
    all_tied = bool((table.nunique(axis=1) == 1).all())
    p_nemenyi = scikit_posthocs.posthoc_nemenyi_friedman(table.to_numpy(dtype=float))
    p_nemenyi.index = p_nemenyi.columns = mean_ranks.index
    return Ranking(
        mean_ranks,
        1.0 if all_tied else float(stats.friedmanchisquare(*table.to_numpy(dtype=float).T).pvalue),
        p_nemenyi,
        critical_difference(systems, blocks),
        blocks,
    )


def critical_difference(systems: int, blocks: int) -> float:
    """Return Nemenyi's critical difference of mean ranks: q sqrt(k (k + 1) / 6n)."""
    q = stats.studentized_range.ppf(1.0 - LEVEL, systems, np.inf) / np.sqrt(2.0)
    return float(q * np.sqrt(systems * (systems + 1) / (6.0 * blocks)))
