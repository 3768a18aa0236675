"""The per-user scores of every run on one metric, and what can be estimated from them.

A number such as a system's mean depends on two draws: the users of the dataset, and the seeds of the runs.
With other users, and with other seeds, it would be another number. Both kinds of variance are estimated here,
so that an interval or a test speaks of what would be found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
        scores: For each system the scores of its runs, [U, R]. If there are several splits, a column is the
            mean over a split's runs instead, and NaN for users whom the split does not test.
        deterministic: The systems that no seed changes.
        overlap: If the columns are splits, the number of test pairs over that of train pairs; otherwise None.
        kin: The group of a system. Only systems of one group lend each other their spread over seeds. A
            system that is not named here is in a group with all others that are not.
    """

    users: pd.Index
    scores: Mapping[str, np.ndarray]
    deterministic: frozenset[str] = frozenset()
    overlap: float | None = None
    kin: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def means(self) -> pd.DataFrame:
        """The mean over a system's runs: one row for each user, one column for each system."""
        columns = {name: np.nanmean(values, axis=1) for name, values in self.scores.items()}
        return pd.DataFrame(columns, index=self.users)

    @cached_property
    def totals(self) -> pd.Series:
        """The mean of each system over users and runs. Every run, or split, has the same weight."""
        return pd.Series({name: np.nanmean(values, axis=0).mean() for name, values in self.scores.items()})

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
        """The mean over users and runs of a sum of systems, each times its factor."""
        value = sum(factor * float(self.totals[name]) for name, factor in factors.items())
        count = len(self.users)
        if count < 2:
            return Estimate(value, np.nan, np.nan, np.nan)
        each = sum(factor * self._pulls[name] for name, factor in factors.items())
        from_users = float((np.asarray(each) ** 2).sum()) * count / (count - 1)
        return estimate(value, from_users, count - 1, factors, self._seeds)

    @cached_property
    def _pulls(self) -> dict[str, np.ndarray]:
        """How far each user pulls a system's total from what it would be without differences, [U]."""
        pulls = {}
        for name, values in self.scores.items():
            tested = ~np.isnan(values)
            deviation = np.where(tested, values - np.nanmean(values, axis=0), 0.0)
            pulls[name] = (deviation / tested.sum(axis=0)).mean(axis=1)
        return pulls

    def weighted_users(self, factors: Mapping[str, float]) -> np.ndarray:
        """For every user the sum of systems, each times its factor, [U]."""
        total = np.zeros(len(self.users))
        for name, factor in factors.items():
            total += factor * self.means[name].to_numpy()
        return total

    def seeds(self, weights: np.ndarray) -> dict[str, SeedVariance]:
        """The seed variance of each system's statistic ``weights @ scores``, for weights [U] of the users.

        A system that repeats another counts once. If the columns are splits, it is the variance between
        splits, which no system escapes, of what tells a system from the others.
        """
        random = self._told_apart
        runs = {name: _statistics(values, weights) for name, values in random.items()}
        noise = {name: _noise(values, weights) for name, values in random.items() if values.shape[1] > 1}
        groups: dict[str, dict[str, np.ndarray]] = {}
        for name, own in runs.items():
            groups.setdefault(self.kin.get(name, ""), {})[name] = own
        repeated = {
            name: variance
            for group in groups.values()
            for name, variance in seed_variances(group, noise, self.overlap or 0.0).items()
        }
        fixed = self.deterministic if self.overlap is None else frozenset()
        return {
            name: DETERMINISTIC if name in fixed else repeated.get(first, UNKNOWN)
            for name, first in self.first_alike.items()
        }

    @cached_property
    def _told_apart(self) -> dict[str, np.ndarray]:
        """The scores of the systems that vary, [U, R]. Of splits, what is common to the systems is taken off.

        A split that is easy is so for everybody, and no comparison depends on it. What is common is the mean
        of the systems that are in no group of ``kin``, if there are two: runs of others may have collapsed.
        """
        distinct = {name: self.scores[name] for name in dict.fromkeys(self.first_alike.values())}
        if self.overlap is None:
            return {name: values for name, values in distinct.items() if name not in self.deterministic}
        if len(distinct) < 2:
            return distinct
        sound = [name for name in distinct if name not in self.kin]
        sound = sound if len(sound) > 1 else list(distinct)
        common = np.mean([distinct[name] for name in sound], axis=0)
        # Taking a mean off makes the deviations of its own systems smaller, by a share that this undoes.
        share = {name: np.sqrt(len(sound) / (len(sound) - 1)) for name in sound}
        return {name: share.get(name, 1.0) * (values - common) for name, values in distinct.items()}

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
    far as there is seed variance, and never more of it than users vary. Two systems whose runs of one seed
    are nearly the same share their noise, and their difference has little of it.

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
    noise = np.fmin(sum(square * part.noise for square, part in parts), from_users)
    from_seeds = float(np.fmax(with_noise - noise, 0.0))
    from_seeds = np.nan if np.isnan(with_noise) else from_seeds
    doubt = from_users**2 / freedom if freedom else np.nan
    doubt += sum((square * part.variance) ** 2 / part.freedom for square, part in parts)
    total = from_users + from_seeds
    return Estimate(value, from_users, from_seeds, float(total**2 / doubt) if doubt else np.inf)


def _statistics(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``weights @ run`` of every run, [R]. Weights are fitted to the users that a run has scores of.

    Args:
        values: Scores of runs, [U, R]; NaN for users that a run does not test.
        weights: Weights of all users, [U]; their sum is 1 for a mean and 0 for a contrast.
    """
    tested = ~np.isnan(values)
    if tested.all():
        statistics: np.ndarray = weights @ values
        return statistics
    own = np.where(tested, weights[:, None], 0.0)
    if abs(weights.sum()) > 0.5:
        own = own / own.sum(axis=0)
    else:
        own = np.where(tested, own - own.sum(axis=0) / tested.sum(axis=0), 0.0)
        own = own * (len(values) / tested.sum(axis=0))
    fitted: np.ndarray = (own * np.where(tested, values, 0.0)).sum(axis=0)
    return fitted


def _noise(values: np.ndarray, weights: np.ndarray) -> float:
    """The variance of ``weights @ run`` that comes from how single users react to a run, for runs [U, R]."""
    tested = ~np.isnan(values)
    often = tested.sum(axis=1) > 1
    if often.sum() < 2:
        return 0.0
    own, tested = values[often], tested[often]
    residual = own - np.nanmean(own, axis=1, keepdims=True)
    residual = residual - np.nanmean(residual, axis=0)
    count, runs = own.shape
    spent = (count + runs - 1) / tested.sum()  # means of users and runs were taken off
    square = np.nansum(residual**2, axis=1) / tested.sum(axis=1) / (1.0 - spent)
    return float((weights[often] ** 2 @ square) * len(values) / tested.sum(axis=0).mean())
