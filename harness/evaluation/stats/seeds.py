"""How much the seed of a run moves a system's mean: estimates that borrow strength from the other systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special


@dataclass(frozen=True)
class SeedVariance:
    """The variance of a system's mean that comes from the seeds of its runs.

    Attributes:
        variance: The estimate for the mean over the system's runs; 0 for a deterministic system.
        freedom: Degrees of freedom of the estimate.
        noise: The part of ``variance`` that users contribute as well, because each user reacts to a seed in
            a way of its own. The variance between users contains it too.
    """

    variance: float
    freedom: float
    noise: float = 0.0


DETERMINISTIC = SeedVariance(0.0, np.inf)
"""The seed variance of a system that no seed changes."""


def seed_variances(
    runs: Mapping[str, np.ndarray], noise: Mapping[str, float], overlap: float = 0.0
) -> dict[str, SeedVariance]:
    """Estimate the seed variance of every system.

    Three or five runs tell little about the variance between runs: a system whose runs lie close together by
    chance would look more certain than it is. So the estimate of each system is drawn towards the mean of
    all, the more the more alike they are.

    Paper: Smyth, Linear models and empirical Bayes methods for assessing differential expression (2004),
    section 4.
    Differs: The common value is the arithmetic mean, and counts for half of what it is worth there. With few
    systems of unequal spread, the paper's estimate is too low for some of them (see DECISIONS.md).

    Args:
        runs: For each system that is not deterministic, the mean of each of its runs, [R].
        noise: For each of these systems, the variance of the mean of one run that comes from how single
            users react to the seed.
        overlap: If the runs are of several splits, the number of test pairs over that of train pairs. The
            train pairs of two splits are partly the same, so that the mean over splits varies more than
            independent splits would make it vary.
            Paper: Nadeau and Bengio, Inference for the generalization error (2003), equation 10.

    Returns:
        The estimates of the systems with two runs or more. One run says nothing about others.
    """
    repeated = {name: means for name, means in runs.items() if len(means) > 1}
    if not repeated:
        return {}
    freedom = np.array([len(means) - 1.0 for means in repeated.values()])
    raw = np.array([means.var(ddof=1) for means in repeated.values()])
    common = float(np.average(raw, weights=freedom))
    worth = np.minimum(_alikeness(raw, freedom), freedom.sum() - freedom) / 2.0
    moderated = (worth * common + freedom * raw) / (worth + freedom)
    return {
        name: SeedVariance(variance * (1.0 / len(means) + overlap), own_freedom, noise[name] / len(means))
        for (name, means), variance, own_freedom in zip(
            repeated.items(), moderated, worth + freedom, strict=True
        )
    }


def _alikeness(raw: np.ndarray, freedom: np.ndarray) -> float:
    """How many degrees of freedom the other systems' variances [n] are worth for one system's.

    The logarithms of the variances have a known variance if all systems have the same true variance. What
    they vary beyond that is variance between systems: the more of it there is, the less one says about
    another.
    """
    positive = raw > 0
    if positive.sum() < 2:
        return 0.0
    raw, freedom = raw[positive], freedom[positive]
    logs = np.log(raw) - special.digamma(freedom / 2) + np.log(freedom / 2)
    between = logs.var(ddof=1) - special.polygamma(1, freedom / 2).mean()
    if between <= 0:
        return np.inf
    return 2.0 * float(optimize.brentq(lambda half: special.polygamma(1, half) - between, 1e-8, 1e8))
