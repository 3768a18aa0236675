"""Simulated tables in which all systems are equally good: how often a mark says otherwise.

A table is made of scores that are drawn like those of real runs: users differ, systems suit some users
better than others, seeds move the mean of a run, and every user reacts to a seed in a way of its own. No
system is better than another, so every mark is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from harness.evaluation.stats.comparison import compare_with_references, holm, with_verdicts
from harness.evaluation.stats.estimate import LEVEL, Estimate
from harness.evaluation.stats.paired import t_test
from harness.evaluation.stats.pairs import all_pairs
from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.simulation import share_with_interval
from harness.evaluation.stats.smallest import SmallestEffect
from harness.evaluation.stats.stratified import by_stratum
from harness.evaluation.stats.swept import sweep_trends

STRATA = 5
"""Strata of users in a simulated table."""

DENSITIES = (0.25, 0.5, 0.75, 1.0)
"""Densities of a simulated sweep."""

DETERMINISTIC = 2
"""Systems of a simulated table that no seed changes."""

Draw = Callable[[np.random.Generator], Sample]
"""Draws the scores of one table."""


@dataclass(frozen=True)
class Spreads:
    """What scores are drawn from.

    Attributes:
        level: A user's score, [U].
        between_systems: How much better one system suits a user than another, without a mean, [U].
        reactions: How a user reacts to the seed of a run, without a mean, [U, n].
        seed_deviation: Standard deviation of a run's mean over seeds.
    """

    level: np.ndarray
    between_systems: np.ndarray
    reactions: np.ndarray
    seed_deviation: float

    @classmethod
    def of(cls, sample: Sample) -> Spreads:
        """Take the spreads from real runs; at least one system has two runs that differ."""
        reactions, variances = [], []
        for values in sample.scores.values():
            runs = values.shape[1]
            residual = values - values.mean(axis=1, keepdims=True)
            if runs > 1 and residual.any():
                alone = (residual - residual.mean(axis=0)) * np.sqrt(runs / (runs - 1))
                reactions.append(alone)
                noise = (alone**2).mean() / len(values)
                variances.append(max(float(values.mean(axis=0).var(ddof=1)) - noise, 0.0))
        means = sample.means.to_numpy()
        others = means[:, 1] - means[:, 0] if means.shape[1] > 1 else np.zeros(len(means))
        deviation = float(np.sqrt(np.mean(variances)))
        return cls(means.mean(axis=1), others - others.mean(), np.concatenate(reactions, axis=1), deviation)

    def draw(self, systems: int, runs: int, random: np.random.Generator) -> Sample:
        """Draw the scores of equally good systems for users who are drawn with replacement."""
        users = len(self.level)
        drawn = random.integers(users, size=users)
        level = self.level[drawn]
        scores = {}
        for number in range(systems):
            suited = level + self.between_systems[drawn] * _signs(users, random)
            own_runs = 1 if number < DETERMINISTIC else runs
            scores[f"system {number}"] = np.repeat(suited[:, None], own_runs, axis=1)
            if number >= DETERMINISTIC:
                columns = random.integers(self.reactions.shape[1], size=runs)
                own = self.reactions[drawn][:, columns] * _signs((users, runs), random)
                scores[f"system {number}"] += own + random.normal(0.0, self.seed_deviation, runs)
        fixed = frozenset(f"system {number}" for number in range(min(DETERMINISTIC, systems)))
        return Sample(pd.RangeIndex(users), scores, fixed)


def _signs(shape: int | tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    signs: np.ndarray = random.choice([-1.0, 1.0], size=shape)
    return signs


def regrouped(runs: np.ndarray, systems: int, each: int, random: np.random.Generator) -> Sample:
    """Deal the real runs [U, n] of one system to ``systems`` of ``each`` runs. Nothing is simulated."""
    order = random.permutation(runs.shape[1])[: systems * each].reshape(systems, each)
    return Sample(
        pd.RangeIndex(len(runs)), {f"system {number}": runs[:, own] for number, own in enumerate(order)}
    )


def false_marks(draw: Draw, tables: int, seed: int = 0) -> pd.DataFrame:
    """Measure in how many tables of equal systems there is a false mark, and how often intervals hold 0.

    Args:
        draw: Draws one table.
        tables: How many tables are drawn.
        seed: Seed of all draws.

    Returns:
        ``mark``, ``share``, ``low`` and ``high`` (95 % Wilson interval). The marks are ``best baseline``,
        ``pairs`` (letters), ``reference`` (as in ablations and text controls), ``strata`` and ``densities``;
        the same without seeds, as ``pairs, users alone``; and ``coverage``, the share of all intervals of
        differences that hold 0.
    """
    random = np.random.default_rng(seed)
    marks: list[dict[str, bool]] = []
    covered: list[np.ndarray] = []
    for _ in range(tables):
        sample = draw(random)
        pairs = all_pairs(sample, smallest=0.0)
        marks.append(_marks(sample, pairs, {share: draw(random) for share in DENSITIES}))
        covered.append(((pairs["low"] <= 0) & (pairs["high"] >= 0)).to_numpy())
    shares = {name: np.array([row[name] for row in marks]) for name in marks[0]}
    shares["coverage"] = np.concatenate(covered)
    return pd.DataFrame(
        [{"mark": name} | share_with_interval(hits, "share") for name, hits in shares.items()]
    )


def _marks(sample: Sample, pairs: pd.DataFrame, sweep: Mapping[float, Sample]) -> dict[str, bool]:
    """Which marks of one table are false: all that there are."""
    names = list(sample.scores)
    best = sample.totals.idxmax()
    references = dict.fromkeys(names[:-1], names[-1])
    smallest = SmallestEffect()
    codes = np.arange(len(sample.users)) % STRATA
    strata = pd.Series(pd.Categorical.from_codes(codes, list(range(STRATA)), ordered=True))
    with_best = (pairs["first"] == best) | (pairs["second"] == best)
    found = {
        "best baseline": pairs["p_holm"][with_best] < LEVEL,
        "pairs": pairs["p_holm"] < LEVEL,
        "pairs, users alone": holm(_users_alone(sample)) < LEVEL,
        "reference": with_verdicts(compare_with_references(sample, references, smallest))["p_holm"] < LEVEL,
        "strata": by_stratum(sample, strata, references, smallest)["p_holm"] < LEVEL,
        "densities": sweep_trends(sweep, references)[["p_slope_holm", "p_interaction_holm"]].stack() < LEVEL,
    }
    return {name: bool(significant.any()) for name, significant in found.items()}


def _users_alone(sample: Sample) -> np.ndarray:
    """The p of every pair in the paired t-test, which takes the runs as they are."""
    means = sample.means
    return np.array([t_test((means[one] - means[two]).to_numpy()) for one, two in combinations(means, 2)])


def found_differences(draw: Draw, multiples: tuple[float, ...], tables: int, seed: int = 0) -> pd.DataFrame:
    """Measure how often a true difference between two systems is found, beside what was predicted.

    Args:
        draw: Draws a table; its last two systems are compared.
        multiples: True differences, as multiples of the difference that one test is predicted to find with a
            chance of 80 %.
        tables: How many tables are drawn for each.
        seed: Seed of all draws.

    Returns:
        ``multiple``, ``true`` (mean), ``seen``, ``low``, ``high``, and ``predicted``.
    """
    random = np.random.default_rng(seed)
    usual = float(np.mean([_last_two(draw(random)).detectable() for _ in range(50)]))
    rows = []
    for multiple in multiples:
        true, found, predicted = multiple * usual, [], []
        for _ in range(tables):
            estimate = _last_two(draw(random), true)
            found.append(estimate.p < LEVEL)
            predicted.append(estimate.power(true))
        seen = share_with_interval(np.array(found), "seen")
        rows.append({"multiple": multiple, "true": true, **seen, "predicted": np.mean(predicted)})
    return pd.DataFrame(rows)


def _last_two(sample: Sample, added: float = 0.0) -> Estimate:
    """The difference between the last two systems, with something added to the last."""
    one, other = list(sample.scores)[-1], list(sample.scores)[-2]
    shifted = Sample(sample.users, {**sample.scores, one: sample.scores[one] + added}, sample.deterministic)
    return shifted.difference(one, other)
