"""The per-user scores of every run on one metric, and what can be estimated from them.

A number such as a system's mean depends on two draws: the users of the dataset, and the seeds of the runs.
With other users, and with other seeds, it would be another number. Both kinds of variance are estimated here,
so that an interval or a test speaks of what would be found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from harness.evaluation.stats.estimate import Estimate
from harness.evaluation.stats.seeds import DETERMINISTIC, SeedVariance, seed_variances

UNKNOWN = SeedVariance(np.nan, np.nan)
"""The seed variance of a system that ran once."""


@dataclass(frozen=True)
class Sample:
    """The scores of all runs on one metric.

    Attributes:
        users: The users, [U].
        scores: For each system the scores of its runs, [U, R].
        deterministic: The systems that no seed changes.
    """

    users: pd.Index
    scores: Mapping[str, np.ndarray]
    deterministic: frozenset[str] = frozenset()

    @cached_property
    def means(self) -> pd.DataFrame:
        """The mean over a system's runs: one row for each user, one column for each system."""
        columns = {name: values.mean(axis=1) for name, values in self.scores.items()}
        return pd.DataFrame(columns, index=self.users)

    @cached_property
    def totals(self) -> pd.Series:
        """The mean of each system over users and runs."""
        return self.means.mean()

    @cached_property
    def first_alike(self) -> dict[str, str]:
        """For each system the first one that has the very same scores: itself, unless it repeats another."""
        first: dict[tuple[bytes, int], str] = {}
        return {
            name: first.setdefault((values.tobytes(), values.shape[1]), name)
            for name, values in self.scores.items()
        }

    def among(self, is_member: np.ndarray) -> Sample:
        """The same runs, with the users of a bool array [U] only."""
        members = {name: values[is_member] for name, values in self.scores.items()}
        return replace(self, users=self.users[is_member], scores=members)

    def of(self, systems: list[str]) -> Sample:
        """The same users, with some of the systems only."""
        return replace(self, scores={name: self.scores[name] for name in systems})

    def mean(self, system: str) -> Estimate:
        """The mean of one system."""
        return self.combination({system: 1.0})

    def difference(self, one: str, other: str) -> Estimate:
        """The mean of ``one`` less the mean of ``other``; exactly 0 if they are the same runs."""
        if self.first_alike[one] == self.first_alike[other]:
            return Estimate(0.0, 0.0, 0.0, np.inf)
        return self.combination({one: 1.0, other: -1.0})

    def gain(self, one: str, other: str) -> Estimate:
        """The mean of ``one`` over the mean of ``other``, less 1. The other mean must not be 0.

        The variance is that of the ratio's linear approximation (delta method).
        """
        reference = float(self.totals[other])
        ratio = float(self.totals[one]) / reference
        if self.first_alike[one] == self.first_alike[other]:
            return Estimate(0.0, 0.0, 0.0, np.inf)
        estimate = self.combination({one: 1.0 / reference, other: -ratio / reference})
        return replace(estimate, value=ratio - 1.0)

    def combination(self, factors: Mapping[str, float]) -> Estimate:
        """The mean over users of a sum of systems, each times its factor."""
        each = self.weighted_users(factors)
        count = len(each)
        from_users = float(each.var(ddof=1)) / count if count > 1 else np.nan
        return estimate(float(each.mean()), from_users, count - 1, factors, self._seeds)

    def weighted_users(self, factors: Mapping[str, float]) -> np.ndarray:
        """For every user the sum of systems, each times its factor, [U]."""
        total = np.zeros(len(self.users))
        for name, factor in factors.items():
            total += factor * self.means[name].to_numpy()
        return total

    def seeds(self, weights: np.ndarray) -> dict[str, SeedVariance]:
        """The seed variance of each system's statistic ``weights @ scores``, for weights [U] of the users.

        A system that repeats another counts once.
        """
        random = {
            name: self.scores[name]
            for name in dict.fromkeys(self.first_alike.values())
            if name not in self.deterministic
        }
        runs = {name: weights @ values for name, values in random.items()}
        noise = {name: _noise(values, weights) for name, values in random.items() if values.shape[1] > 1}
        repeated = seed_variances(runs, noise)
        return {
            name: DETERMINISTIC if name in self.deterministic else repeated.get(first, UNKNOWN)
            for name, first in self.first_alike.items()
        }

    @cached_property
    def _seeds(self) -> dict[str, SeedVariance]:
        count = len(self.users)
        return self.seeds(np.full(count, 1.0 / count))


def estimate(
    value: float,
    from_users: float,
    freedom: float,
    factors: Mapping[str, float],
    seeds: Mapping[str, SeedVariance],
) -> Estimate:
    """Put an estimate together from the variance between users and that between seeds.

    Each seed variance contains noise that is in the variance between users as well. It is taken out once, as
    far as there is seed variance.

    Paper: Satterthwaite, An approximate distribution of estimates of variance components (1946).

    Args:
        value: The estimate: a sum of the systems' statistics, each times its factor.
        from_users: Its variance between users.
        freedom: Degrees of freedom of ``from_users``.
        factors: The factor of each system.
        seeds: The seed variance of each system's statistic.
    """
    parts = [(factor**2, seeds[name]) for name, factor in factors.items()]
    with_noise = sum(square * part.variance for square, part in parts)
    from_seeds = float(np.fmax(with_noise - sum(square * part.noise for square, part in parts), 0.0))
    from_seeds = np.nan if np.isnan(with_noise) else from_seeds
    doubt = from_users**2 / freedom if freedom else np.nan
    doubt += sum((square * part.variance) ** 2 / part.freedom for square, part in parts)
    total = from_users + from_seeds
    return Estimate(value, from_users, from_seeds, float(total**2 / doubt) if doubt else np.inf)


def _noise(values: np.ndarray, weights: np.ndarray) -> float:
    """The variance of ``weights @ run`` that comes from how single users react to a run, for runs [U, R]."""
    residual = values - values.mean(axis=1, keepdims=True)
    residual = residual - residual.mean(axis=0)
    count, runs = values.shape
    share = count / (count - 1) if count > 1 else np.nan
    return float(share * (weights**2 @ residual**2).sum() / (runs - 1))
