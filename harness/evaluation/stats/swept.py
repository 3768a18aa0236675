"""Gains along a sweep that removes train pairs; the users are the same at every density."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.stats.stratified import TREND_COLUMNS, with_holm_over_both


def sweep_trends(tables: Mapping[float, pd.DataFrame], references: Mapping[str, str]) -> pd.DataFrame:
    """Test whether a system's gain over its reference depends on the density of the train pairs.

    Every user has a gain at every density. Trend: least-squares slope of a user's gain over log2 of the
    density, averaged over users. Interaction: a user's gain at the lowest density minus that at the highest,
    averaged over users. Both are tested by the one-sample t-test over users; Holm's correction is over both
    tests and all systems.

    Args:
        tables: For each share of the train pairs a table with one row per user and one column per system,
            one metric. Users who are missing at one density are left out
            at every density.
        references: The reference of each system; both are in every table.

    Returns:
        The columns of ``stratified.trends``; ``slope`` is the gain per doubling of the train pairs.
    """
    shares = sorted(tables)
    users = sorted(set.intersection(*(set(table.index) for table in tables.values())))
    doublings = np.log2(shares) - np.log2(shares).mean()
    rows = []
    for system, reference in references.items():
        gains = np.stack(
            [
                (tables[share][system] - tables[share][reference]).loc[users].to_numpy(float)
                for share in shares
            ]
        )
        slopes = doublings @ gains / (doublings**2).sum()
        row = {"system": system, "baseline": reference}
        row |= _mean(slopes, ("slope", "slope_low", "slope_high", "p_slope"))
        row |= _mean(gains[0] - gains[-1], ("sparsest_less_densest", "low", "high", "p_interaction"))
        rows.append(row)
    return with_holm_over_both(pd.DataFrame(rows, columns=TREND_COLUMNS))


def _mean(values: np.ndarray, names: tuple[str, str, str, str]) -> dict[str, Any]:
    """Return the mean over users, its t interval and its p under ``names``; nothing if all are equal."""
    if len(values) < 2 or not np.ptp(values):
        return {}
    test = stats.ttest_1samp(values, 0.0)
    low, high = test.confidence_interval()
    return dict(zip(names, (values.mean(), low, high, test.pvalue), strict=True))
