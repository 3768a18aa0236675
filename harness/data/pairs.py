"""Pairs [n, 2] of a user's and an item's position, as single numbers and as a matrix."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def pair_keys(pairs: np.ndarray, items: int) -> np.ndarray:
    """One number for each pair, [n]. Two pairs have the same number only if they are equal."""
    keys: np.ndarray = pairs[:, 0] * items + pairs[:, 1]
    return keys


def in_order(pairs: np.ndarray, items: int) -> np.ndarray:
    """The pairs [n, 2] by user, then by item."""
    keys = pair_keys(pairs, items)
    if (keys[1:] >= keys[:-1]).all():
        return pairs
    return np.stack(np.divmod(np.sort(keys), items), axis=1)


def pair_matrix(pairs: np.ndarray, users: int, items: int) -> sp.csr_matrix:
    """The pairs as a sorted binary matrix [U, I], float32."""
    ones = np.ones(len(pairs), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(users, items))
    matrix.sort_indices()
    return matrix
