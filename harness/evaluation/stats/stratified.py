"""Gains by stratum of users: a comparison within each, a trend over degree, sparsest against densest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from harness.evaluation.stats.comparison import against, holm, with_holm


def by_stratum(table: pd.DataFrame, strata: pd.Series, references: Mapping[str, str]) -> pd.DataFrame:
    """Every system against its reference within each stratum of users, Holm over all of them.

    Args:
        table: One row a user, one column a system, one metric.
        strata: Ordered labels, index user.
        references: The system that each is compared with.

    Returns:
        As :func:`each_apart`.
    """
    labels = strata.reindex(table.index)
    return each_apart({label: table[labels == label] for label in labels.cat.categories}, references)


def each_apart(tables: Mapping[str, pd.DataFrame], references: Mapping[str, str]) -> pd.DataFrame:
    """Every system against its reference in each table apart, Holm over all of them.

    Args:
        tables: By stratum, one row a user, one column a system.
        references: The system that each is compared with.

    Returns:
        ``stratum``, ``users`` (how many), and the columns of ``comparison.compare`` less ``metric``.
        Tables without a user are left out.
    """
    frames = []
    for label, table in tables.items():
        if len(table):
            found = against(table, references)
            found.insert(0, "stratum", label)
            found.insert(1, "users", len(table))
            frames.append(found)
    return with_holm(pd.concat(frames, ignore_index=True))


def trends(
    table: pd.DataFrame, degree: pd.Series, strata: pd.Series, references: Mapping[str, str]
) -> pd.DataFrame:
    """Whether a system's gain over its reference changes with the users' train degree.

    Trend: least-squares slope of the per-user gain over log2(1 + degree), with errors robust to unequal
    spread (HC3). Interaction: mean gain in the sparsest stratum less that in the densest, by Welch's
    t-test, since the two are different users with different spreads. Holm over both and all systems.

    Args:
        table: One row a user, one column a system, one metric.
        degree: Train pairs of each user, index user.
        strata: Ordered labels, index user.
        references: The system that each is compared with.

    Returns:
        ``system``, ``baseline``, ``slope`` (gain per doubling), ``slope_low``, ``slope_high``,
        ``p_slope``, ``sparsest_less_densest``, ``low``, ``high``, ``p_interaction``, and both p after
        Holm, ``p_slope_holm`` and ``p_interaction_holm``.
    """
    labels = strata.reindex(table.index)
    doublings = np.log2(1.0 + degree.reindex(table.index).to_numpy(dtype=float))
    codes = labels.cat.codes.to_numpy()
    rows = []
    for system, reference in references.items():
        gain = (table[system] - table[reference]).to_numpy(dtype=float)
        row = {"system": system, "baseline": reference, **_slope(doublings, gain)}
        if codes.min() < codes.max():
            row |= _interaction(gain[codes == codes.min()], gain[codes == codes.max()])
        rows.append(row)
    return with_holm_over_both(pd.DataFrame(rows, columns=TREND_COLUMNS))


def with_holm_over_both(frame: pd.DataFrame) -> pd.DataFrame:
    """Add ``p_slope_holm`` and ``p_interaction_holm``: one family of both columns and all systems."""
    adjusted = holm(frame[["p_slope", "p_interaction"]].to_numpy(dtype=float).ravel()).reshape(-1, 2)
    return frame.assign(p_slope_holm=adjusted[:, 0], p_interaction_holm=adjusted[:, 1])


TREND_COLUMNS = [
    "system", "baseline", "slope", "slope_low", "slope_high", "p_slope",
    "sparsest_less_densest", "low", "high", "p_interaction",
]  # fmt: skip


def _slope(doublings: np.ndarray, gain: np.ndarray) -> dict[str, Any]:
    """Least squares with HC3 errors, as statsmodels' OLS has them and twenty times as fast."""
    if np.ptp(doublings) == 0 or not gain.any() or len(gain) < 3:
        return {}
    centred = doublings - doublings.mean()
    square = (centred**2).sum()
    slope = (centred * gain).sum() / square
    left = gain - gain.mean() - slope * centred
    leverage = 1.0 / len(gain) + centred**2 / square
    error = np.sqrt((centred**2 * (left / (1.0 - leverage)) ** 2).sum()) / square
    reach = stats.norm.ppf(0.975) * error
    p = 2.0 * stats.norm.sf(abs(slope) / error) if error else np.nan
    return {"slope": slope, "slope_low": slope - reach, "slope_high": slope + reach, "p_slope": p}


def _interaction(sparsest: np.ndarray, densest: np.ndarray) -> dict[str, Any]:
    if min(len(sparsest), len(densest)) < 2 or not (np.ptp(sparsest) or np.ptp(densest)):
        return {}
    found = stats.ttest_ind(sparsest, densest, equal_var=False)
    low, high = found.confidence_interval()
    return {
        "sparsest_less_densest": sparsest.mean() - densest.mean(),
        "low": low,
        "high": high,
        "p_interaction": found.pvalue,
    }
