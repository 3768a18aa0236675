"""Statistics of one paired difference, besides the randomisation test."""

from __future__ import annotations

import numpy as np
from scipy import stats

WILCOXON_WARNING = (
    "Wilcoxon's signed-rank test is shown because it was asked for, and no verdict depends on it. It tests "
    "the ranks of the differences, not their mean. With thousands of users it finds differences where the "
    "means do not differ (Ihemelandu & Ekstrand 2023)."
)


def t_test(difference: np.ndarray) -> float:
    """Return the two-sided p of the paired t-test for per-user differences [U].

    Returns:
        1 if all differences are 0; NaN if all are the same other number, or there is one user only.
    """
    if _is_constant(difference):
        return float("nan") if difference.any() else 1.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)


def effect_size(difference: np.ndarray) -> float:
    """Return Cohen's d of paired differences [U]: their mean / their standard deviation.

    Returns:
        0 if all differences are 0; NaN if all are the same other number, or there is one user only.
    """
    if _is_constant(difference):
        return float("nan") if difference.any() else 0.0
    return float(difference.mean() / difference.std(ddof=1))


def wilcoxon(difference: np.ndarray) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test for per-user differences [U].

    Differences of 0 are ranked by Pratt's rule. See WILCOXON_WARNING.
    """
    if not difference.any():
        return 1.0
    return float(stats.wilcoxon(difference, zero_method="pratt", method="asymptotic").pvalue)


def _is_constant(values: np.ndarray) -> bool:
    """Return whether all values are equal up to rounding, so that they have no spread to divide by."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())
