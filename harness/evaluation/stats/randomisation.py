"""The paired randomisation test: the signs of per-user differences are flipped at random.

All columns of a table share their flips. The flipped sum of a difference between two columns is then the
difference of their flipped sums, so one matrix product serves every pair of systems.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

FLIPS = 9999
"""Random flips, besides the observed signs."""

EXACT_USERS = 13
"""With up to so many users U all 2^U flips are made, because they are fewer than FLIPS."""

GAUSSIAN_BOUND = 0.25 / float(stats.norm.sf(np.sqrt(2.0)))
"""3.18. A sum under random signs exceeds x standard deviations at most so many times as often as a normal
variable does."""

BLOCK_NUMEL = 1 << 21
"""Signs held in memory at once; 16 MiB of float64."""


def flipped_sums(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return sums over users under flipped signs, [F, C]; row 0 holds the observed sums.

    Args:
        values: One row per user, one column per system or difference, [U, C].
        seed: Seed of the flips. A user's sign is the same in every column, whichever columns there are.

    Raises:
        ValueError: A value is missing.
    """
    if np.isnan(values).any():
        raise ValueError("a user is without a value; expected every system to have scored the same users")
    users = len(values)
    if users <= EXACT_USERS:
        signs = 1.0 - 2.0 * (np.arange(2**users)[:, None] >> np.arange(users) & 1)
        all_sums: np.ndarray = signs @ values
        return all_sums
    random = np.random.default_rng(seed)
    observed = values.sum(axis=0)
    sums = [observed[None]]
    block = max(1, BLOCK_NUMEL // users)
    for start in range(0, FLIPS, block):
        rows = min(block, FLIPS - start)
        bits = np.frombuffer(random.bytes(-(-rows * users // 8)), dtype=np.uint8)
        is_flipped = np.unpackbits(bits, count=rows * users).reshape(rows, users)
        sums.append(observed - 2.0 * (is_flipped.astype(np.float64) @ values))
    return np.concatenate(sums)


def p_values(sums: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the two-sided p [C]: the share of flips (with the observed one) whose sum is as large.

    With random flips that share is never less than 1 / (FLIPS + 1), and then no test of a large family would
    be significant after Holm. So p is the smaller of that share and of a bound which the share of all 2^U
    flips never exceeds.

    Paper: Bentkus and Dzindzalieta, A tight Gaussian bound for weighted sums of Rademacher random
    variables (2015), theorem 1.1.

    Args:
        sums: From :func:`flipped_sums`, or differences of its columns, [F, C].
        values: The values that were summed, [U, C].
    """
    size = np.abs(sums)
    rounding = 1e-9 * size.max(axis=0)
    shares = (size >= size[0] - rounding).mean(axis=0)
    spread = np.sqrt((values**2).sum(axis=0))
    standard = np.divide(size[0], spread, out=np.zeros_like(spread), where=spread > 0)
    p: np.ndarray = np.minimum(shares, 2.0 * GAUSSIAN_BOUND * stats.norm.sf(standard))
    return p


def p_between(values: np.ndarray, flipped: np.ndarray, one: int, other: int) -> float:
    """Return the two-sided p of the difference between columns ``one`` and ``other``.

    Args:
        values: One row per user, [U, C].
        flipped: Their flipped sums, [F, C].
        one: Number of a column.
        other: Number of a column.
    """
    difference, sums = (rows[:, [one]] - rows[:, [other]] for rows in (values, flipped))
    return float(p_values(sums, difference)[0])


def randomisation_test(difference: np.ndarray, seed: int = 0) -> float:
    """Return the two-sided p of per-user differences [U]; the order of the users does not matter.

    Users with a difference of 0 are left out, because no flip of theirs changes a sum.
    """
    nonzero = np.sort(difference[difference != 0])
    if len(nonzero) == 0:
        return 1.0
    return float(p_values(flipped_sums(nonzero[:, None], seed), nonzero[:, None])[0])
