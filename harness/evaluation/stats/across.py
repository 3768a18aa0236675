"""One estimate from the estimates of several independent datasets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import optimize

from harness.evaluation.stats.estimate import Estimate

UNKNOWN = Estimate(np.nan, np.nan, np.nan, np.nan)
"""An effect of which nothing is known."""


def across(estimates: Sequence[Estimate]) -> Estimate:
    """Estimate the mean effect over datasets, of which those at hand are a sample (random effects).

    The interval speaks of further datasets of the same kind. It is wide for few datasets that disagree, which
    is as it should be.

    Paper: Paule and Mandel, Consensus values and weighting factors (1982), for the variance between datasets;
    Hartung and Knapp, On tests of the overall treatment effect in meta-analysis (2001), for the t
    distribution with one degree of freedom less than datasets.

    Differs: the variance of the mean is never below 1 over the sum of the weights, so that datasets which
    happen to agree do not make it small.

    Args:
        estimates: One estimate of the same effect from each dataset.

    Returns:
        The estimate. Its whole variance is in ``from_users``, since users, seeds and datasets are no longer
        told apart. It is unknown, all NaN, for fewer than two datasets or if one of them has no error.
    """
    values = np.array([each.value for each in estimates])
    within = np.array([each.error**2 for each in estimates])
    if len(values) < 2 or not (np.isfinite(within).all() and (within > 0).all()):
        return UNKNOWN
    weights = 1.0 / (within + between_datasets(values, within))
    mean = float(weights @ values / weights.sum())
    return Estimate(mean, float(1.0 / weights.sum()), 0.0, len(values) - 1.0)


def between_datasets(values: np.ndarray, within: np.ndarray) -> float:
    """The variance of the true effect between datasets, at which weighted squares are as expected.

    Args:
        values: The effect in each dataset, [n].
        within: The variance of each estimate, [n].
    """

    def excess(between: float) -> float:
        weights = 1.0 / (within + between)
        mean = weights @ values / weights.sum()
        return float(weights @ (values - mean) ** 2 - (len(values) - 1))

    if excess(0.0) <= 0:
        return 0.0
    # With this much between datasets each square is at most its share.
    most = float(np.square(values - values.mean()).sum())
    return float(optimize.brentq(excess, 0.0, max(most, 1e-300), xtol=1e-15))
