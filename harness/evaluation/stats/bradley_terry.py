"""One strength for each system over several datasets, from how often users are served better by it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

RESAMPLES = 200
STEPS = 500
"""Steps of the fit at most; it ends when no strength moves by more than CLOSE."""

CLOSE = 1e-8
TAIL = 0.025


def strengths(datasets: Sequence[pd.DataFrame], seed: int = 0) -> pd.DataFrame:
    """Fit the model of Bradley and Terry with Davidson's ties to the users' wins on all datasets.

    A user is a comparison of two systems: won by the one with the higher score, or tied. Each dataset has
    the same weight, however many users it has. Intervals draw datasets, and users within each, with
    replacement.

    Paper: Davidson, On extending the Bradley-Terry model to accommodate ties (1970); Hunter, MM algorithms
    for generalized Bradley-Terry models (2004).

    Args:
        datasets: For each dataset one row per user and one column per system, the same systems in all.
        seed: Seed of the draws.

    Returns:
        One row for each system, the strongest first: ``system``, ``strength`` (shares of all strengths),
        ``rank``, and the 95 % interval of the rank, ``rank_low`` and ``rank_high``.
    """
    names = list(datasets[0].columns)
    outcomes = [_outcomes(table[names].to_numpy(dtype=float)) for table in datasets]
    fitted = _fit(np.mean([each.mean(axis=1) for each in outcomes], axis=0), len(names))
    random = np.random.default_rng(seed)
    ranks = []
    for _ in range(RESAMPLES):
        chosen = random.integers(len(outcomes), size=len(outcomes))
        drawn = [_resampled(outcomes[number], random) for number in chosen]
        ranks.append(_ranks(_fit(np.mean(drawn, axis=0), len(names))))
    low, high = np.quantile(np.stack(ranks), [TAIL, 1.0 - TAIL], axis=0)
    frame = pd.DataFrame(
        {"system": names, "strength": fitted, "rank": _ranks(fitted), "rank_low": low, "rank_high": high}
    )
    return frame.sort_values("rank", kind="stable", ignore_index=True)


def _outcomes(scores: np.ndarray) -> np.ndarray:
    """Who wins each pair of systems by scores [U, S]: first, second, tie, as 0 or 1, [3, U, pairs]."""
    pairs = list(combinations(range(scores.shape[1]), 2))
    first, second = (scores[:, list(side)] for side in zip(*pairs, strict=True))
    return np.stack([first > second, first < second, first == second]).astype(np.float32)


def _resampled(outcomes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The shares of outcomes among users who are drawn with replacement, [3, pairs]."""
    users = outcomes.shape[1]
    counts = np.bincount(random.integers(users, size=users), minlength=users).astype(np.float32)
    shares: np.ndarray = counts @ outcomes / users
    return shares


def _fit(shares: np.ndarray, systems: int) -> np.ndarray:
    """The strengths [S] that make the shares of wins and ties [3, pairs] most likely; they add up to 1."""
    first, second = np.array(list(combinations(range(systems), 2))).T
    won = np.zeros(systems)
    np.add.at(won, first, shares[0] + shares[2] / 2)
    np.add.at(won, second, shares[1] + shares[2] / 2)
    strength, tie = np.full(systems, 1.0 / systems), 1.0
    for _ in range(STEPS):
        between = np.sqrt(strength[first] * strength[second])
        weight = 1.0 / (strength[first] + strength[second] + tie * between)
        needed = np.zeros(systems)
        np.add.at(needed, first, weight * (1.0 + tie / 2 * np.sqrt(strength[second] / strength[first])))
        np.add.at(needed, second, weight * (1.0 + tie / 2 * np.sqrt(strength[first] / strength[second])))
        updated = np.maximum(won, 1e-12) / needed
        updated /= updated.sum()
        tie = shares[2].sum() / max((weight * between).sum(), 1e-12)
        if np.abs(updated - strength).max() < CLOSE:
            return updated
        strength = updated
    return strength


def _ranks(strength: np.ndarray) -> np.ndarray:
    """The rank of each strength [S], 1 for the largest; equal ones share the mean of their ranks."""
    ranks: np.ndarray = pd.Series(-strength).rank().to_numpy()
    return ranks
