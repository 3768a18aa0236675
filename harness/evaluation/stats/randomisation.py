"""The paired randomisation test: signs of per-user differences are flipped at random.

All columns of a table share their flips, so one product of signs and values serves every pair of
systems: the flipped sum of a difference is the difference of two flipped sums.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

FLIPS = 9999
"""Random flips beside the observed signs."""

EXACT_USERS = 13
"""Up to here all 2^U flips are made; they are fewer than FLIPS."""

GAUSSIAN_BOUND = 0.25 / float(stats.norm.sf(np.sqrt(2.0)))
"""3.18: a sum under random signs exceeds x standard deviations at most so many times as often as a normal."""

BLOCK_NUMEL = 1 << 21
"""Signs held at once; 16 MiB of float64."""


def flipped_sums(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Sums over users under flipped signs, [F, C]; row 0 flips nobody.

    Args:
        values: One row a user, one column a system or difference, [U, C].
        seed: Of the flips. User u has the same sign in every column and whatever the columns are.

    Raises:
        ValueError: A value is missing.
    """
    if np.isnan(values).any():
        raise ValueError("a user without a value; expected every system to have scored the same users")
    users = len(values)
    if users <= EXACT_USERS:
        signs = 1.0 - 2.0 * (np.arange(2**users)[:, None] >> np.arange(users) & 1)
        every: np.ndarray = signs @ values
        return every
    random = np.random.default_rng(seed)
    observed = values.sum(axis=0)
    sums = [observed[None]]
    size = max(1, BLOCK_NUMEL // users)
    for start in range(0, FLIPS, size):
        rows = min(size, FLIPS - start)
        bits = np.frombuffer(random.bytes(-(-rows * users // 8)), dtype=np.uint8)
        flipped = np.unpackbits(bits, count=rows * users).reshape(rows, users)
        sums.append(observed - 2.0 * (flipped.astype(np.float64) @ values))
    return np.concatenate(sums)


def p_values(sums: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Two-sided p [C]: the share of flips, the observed one among them, with as large a sum.

    Random flips cannot make it smaller than 1 / (FLIPS + 1), with which no family of many tests would
    survive Holm. Of that share and a bound that the share of *all* flips never exceeds, p is the smaller.

    Paper: Bentkus and Dzindzalieta, A tight Gaussian bound for weighted sums of Rademacher random
    variables (2015), theorem 1.1.

    Args:
        sums: From :func:`flipped_sums`, or differences of its columns, [F, C].
        values: What is summed, [U, C].
    """
    size = np.abs(sums)
    rounding = 1e-9 * size.max(axis=0)
    shares = (size >= size[0] - rounding).mean(axis=0)
    spread = np.sqrt((values**2).sum(axis=0))
    standard = np.divide(size[0], spread, out=np.zeros_like(spread), where=spread > 0)
    p: np.ndarray = np.minimum(shares, 2.0 * GAUSSIAN_BOUND * stats.norm.sf(standard))
    return p


def p_between(values: np.ndarray, flipped: np.ndarray, one: int, other: int) -> float:
    """Two-sided p of the difference between two columns of values [U, C], from their flipped sums [F, C]."""
    difference, sums = (rows[:, [one]] - rows[:, [other]] for rows in (values, flipped))
    return float(p_values(sums, difference)[0])


def randomisation_test(difference: np.ndarray, seed: int = 0) -> float:
    """Two-sided p for per-user differences [U]; the order of the users does not matter.

    Users without a difference change nothing under any flip and are left out, which is exact.
    """
    moved = np.sort(difference[difference != 0])
    if len(moved) == 0:
        return 1.0
    return float(p_values(flipped_sums(moved[:, None], seed), moved[:, None])[0])
