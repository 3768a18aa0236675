"""Percentile bootstrap intervals of means: over users, and over users and seeds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

RESAMPLES = 2000
COVERED = 0.95

BLOCK_NUMEL = 1 << 21
"""Counts held at once; 16 MiB of float64."""


def resampled_means(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Means over users drawn with replacement, [R, C].

    Args:
        values: One row a user, [U, C]. All columns share the drawn users, so the difference of two
            columns' means is the resampled mean of their difference.
        seed: Of the draws.
    """
    drawn = _counts(len(values), RESAMPLES, np.random.default_rng(seed))
    return np.concatenate([counts @ values for counts in drawn]) / len(values)


def over_seeds(means: np.ndarray, seed: int = 0) -> np.ndarray:
    """Means over users and seeds, both drawn with replacement, [R].

    Every seed scores the same users, so the two are crossed: a resample draws users once for all seeds,
    and seeds beside. Systems given the same number of seeds share the drawn ones. With few seeds the
    draw understates their spread by (S - 1) / S.

    Paper: Owen, The pigeonhole bootstrap (2007).

    Args:
        means: From :func:`resampled_means`, one column a seed of one system, [R, S].
        seed: Of the draw of seeds.

    Returns:
        NaN for one seed, which says nothing of others.
    """
    resamples, seeds = means.shape
    if seeds == 1:
        return np.full(resamples, np.nan)
    drawn = np.random.default_rng(seed).integers(seeds, size=(resamples, seeds))
    found: np.ndarray = np.take_along_axis(means, drawn, axis=1).mean(axis=1)
    return found


def intervals(means: np.ndarray) -> np.ndarray:
    """The 95 % interval of each column of resampled means [R, C] or [R], as [2, C] or [2]."""
    tail = (1.0 - COVERED) / 2.0
    bounds: np.ndarray = np.quantile(means, [tail, 1.0 - tail], axis=0)
    return bounds


def _counts(population: int, resamples: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each member is drawn, [rows, population] a block, ``resamples`` rows in all."""
    size = max(1, BLOCK_NUMEL // population)
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        drawn = random.integers(population, size=(rows, population))
        drawn += np.arange(rows)[:, None] * population
        counts = np.bincount(drawn.ravel(), minlength=rows * population)
        yield counts.reshape(rows, population).astype(np.float64)
