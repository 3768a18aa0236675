"""What can be said of one paired difference besides the randomisation test."""

from __future__ import annotations

import numpy as np
from scipy import stats

LEVEL = 0.05
"""Chance of a false alarm that every test accepts."""

POWER = 0.8
"""Chance of seeing a difference, for :func:`smallest_effect`."""

WILCOXON_WARNING = (
    "Wilcoxon's signed-rank test is shown on request and decides nothing: it tests the ranks of the "
    "differences, not their mean, and at thousands of users finds differences where the means have none "
    "(Ihemelandu & Ekstrand 2023)."
)


def t_test(difference: np.ndarray) -> float:
    """Two-sided p of the paired t-test for per-user differences [U].

    Returns:
        1 where nobody differs; NaN where all differ alike, one user included.
    """
    if _constant(difference):
        return float("nan") if difference.any() else 1.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)


def effect_size(difference: np.ndarray) -> float:
    """Cohen's d for paired differences [U]: their mean / their standard deviation.

    Returns:
        0 where nobody differs; NaN where all differ alike, one user included.
    """
    if _constant(difference):
        return float("nan") if difference.any() else 0.0
    return float(difference.mean() / difference.std(ddof=1))


def wilcoxon(difference: np.ndarray) -> float:
    """Two-sided p of Wilcoxon's signed-rank test for per-user differences [U], zeros by Pratt's rule.

    See WILCOXON_WARNING.
    """
    if not difference.any():
        return 1.0
    return float(stats.wilcoxon(difference, zero_method="pratt", method="asymptotic").pvalue)


def power(effect: float, users: int, tests: int = 1) -> float:
    """Chance that a paired comparison sees a difference of this effect size.

    The shifted t distribution stands for the noncentral one, whose values statsmodels' solver loses at
    thousands of users and small levels; the two agree to .01 from 100 users on (tests/test_paired.py).

    Args:
        effect: Cohen's d of the true difference.
        users: Number of users, 2 at least.
        tests: Size of the family; the level is LEVEL / ``tests``, Holm's first step.
    """
    return float(stats.t.cdf(effect * np.sqrt(users) - _threshold(users, tests), users - 1))


def smallest_effect(users: int, tests: int = 1) -> float:
    """Cohen's d that a paired comparison sees with a chance of POWER: the inverse of :func:`power`.

    Times the standard deviation of a difference it is the smallest mean difference that could have been
    seen. The randomisation test shares it (results/calibration).

    Returns:
        NaN below 2 users.
    """
    if users < 2:
        return float("nan")
    return float((_threshold(users, tests) + stats.t.ppf(POWER, users - 1)) / np.sqrt(users))


def _threshold(users: int, tests: int) -> float:
    return float(stats.t.ppf(1.0 - LEVEL / tests / 2.0, users - 1))


def _constant(values: np.ndarray) -> bool:
    """Whether the values are one value but for rounding; such have no spread to divide by."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())
