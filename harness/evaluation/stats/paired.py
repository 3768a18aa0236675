"""Statistics of one paired difference, besides the randomisation test."""

from __future__ import annotations

import numpy as np
from scipy import stats

LEVEL = 0.05
"""Significance level of every test."""

POWER = 0.8
"""Chance with which :func:`smallest_effect` is found significant."""

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


def power(effect: float, users: int, tests: int = 1) -> float:
    """Return the chance that a paired comparison finds a difference of this effect size significant.

    The t distribution is shifted instead of using the noncentral one, because the solver of statsmodels
    fails for thousands of users and small levels. The two agree to .01 from 100 users on
    (tests/evaluation/stats/test_paired.py).

    Args:
        effect: Cohen's d of the true difference.
        users: Number of users, at least 2.
        tests: Number of tests in the family. The level is LEVEL / ``tests``, which is Holm's first step.
    """
    return float(stats.t.cdf(effect * np.sqrt(users) - _threshold(users, tests), users - 1))


def smallest_effect(users: int, tests: int = 1) -> float:
    """Return the Cohen's d that a paired comparison finds significant with a chance of POWER.

    It is the inverse of :func:`power`. Times the standard deviation of a difference, it is the smallest
    mean difference that the comparison can be expected to find. It holds for the randomisation test too
    (results/calibration).

    Returns:
        NaN for fewer than 2 users.
    """
    if users < 2:
        return float("nan")
    return float((_threshold(users, tests) + stats.t.ppf(POWER, users - 1)) / np.sqrt(users))


def _threshold(users: int, tests: int) -> float:
    return float(stats.t.ppf(1.0 - LEVEL / tests / 2.0, users - 1))


def _is_constant(values: np.ndarray) -> bool:
    """Return whether all values are equal up to rounding, so that they have no spread to divide by."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())
