"""Percentile bootstrap intervals of means: over users, and over users and seeds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

RESAMPLES = 2000
COVERED = 0.95
"""Chance that an interval covers the true mean."""

BLOCK_NUMEL = 1 << 21
"""Counts held in memory at once; 16 MiB of float64."""


def resampled_means(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return means over users who are drawn with replacement, [R, C].

    Args:
        values: One row per user, [U, C]. All columns share the drawn users, so the difference between two
            columns of the result is the resampled mean of their difference.
        seed: Seed of the draws.
    """
    blocks = _counts(len(values), RESAMPLES, np.random.default_rng(seed))
    return np.concatenate([counts @ values for counts in blocks]) / len(values)


def means_over_seeds(means: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return means over users and seeds, both drawn with replacement, [R].

    Every seed scores the same users, so users and seeds are crossed: one resample draws its users once for
    all seeds, and draws the seeds independently. Systems with the same number of seeds share the drawn
    seeds. With few seeds the draws understate the variance between seeds by the factor (S - 1) / S.

    Paper: Owen, The pigeonhole bootstrap (2007).

    Args:
        means: From :func:`resampled_means`, one column for each seed of one system, [R, S].
        seed: Seed of the draws of training seeds.

    Returns:
        NaN if there is one seed only, because one seed says nothing about others.
    """
    resamples, seeds = means.shape
    if seeds == 1:
        return np.full(resamples, np.nan)
    drawn_seeds = np.random.default_rng(seed).integers(seeds, size=(resamples, seeds))
    over_both: np.ndarray = np.take_along_axis(means, drawn_seeds, axis=1).mean(axis=1)
    return over_both


def intervals(means: np.ndarray) -> np.ndarray:
    """Return the 95 % interval of each column of resampled means: [2, C] for [R, C], [2] for [R]."""
    tail = (1.0 - COVERED) / 2.0
    bounds: np.ndarray = np.quantile(means, [tail, 1.0 - tail], axis=0)
    return bounds


def _counts(population: int, resamples: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield blocks that say how often each resample draws each member, [rows of the block, population].

    The blocks have ``resamples`` rows in all.
    """
    block = max(1, BLOCK_NUMEL // population)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = random.integers(population, size=(rows, population))
        drawn += np.arange(rows)[:, None] * population
        counts = np.bincount(drawn.ravel(), minlength=rows * population)
        yield counts.reshape(rows, population).astype(np.float64)
