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
    """Two-sided p of the paired t-test for per-user differences [U]."""
    if _constant(difference):
        return 1.0 if difference[0] == 0 else 0.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)


def effect_size(difference: np.ndarray) -> float:
    """Cohen's d for paired values: mean difference / its standard deviation."""
    if _constant(difference):
        return 0.0
    return float(difference.mean() / difference.std(ddof=1))


def wilcoxon(difference: np.ndarray) -> float:
    """Two-sided p of Wilcoxon's signed-rank test, zeros by Pratt's rule; see WILCOXON_WARNING."""
    if not difference.any():
        return 1.0
    return float(stats.wilcoxon(difference, zero_method="pratt", method="asymptotic").pvalue)


def smallest_effect(users: int, tests: int = 1) -> float:
    """Cohen's d that a paired comparison of this many users sees with a chance of POWER.

    Times the standard deviation of a difference it is the smallest mean difference that could have been
    seen. By the power of the paired t-test, which the randomisation test shares (results/calibration).

    Args:
        users: Number of users.
        tests: Size of the family; the level is LEVEL / ``tests``, Holm's first step.

    Returns:
        NaN below 2 users.
    """
    from statsmodels.stats.power import TTestPower

    if users < 2:
        return float("nan")
    return float(TTestPower().solve_power(nobs=users, alpha=LEVEL / tests, power=POWER))


def _constant(values: np.ndarray) -> bool:
    """Whether the values are one value but for rounding; such have no spread to divide by."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())
