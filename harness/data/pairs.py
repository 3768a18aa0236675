"""Interactions as pairs [n, 2] of a user's and an item's position, in other forms."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def pair_keys(pairs: np.ndarray, items: int) -> np.ndarray:
    """One number a pair, [n], from which both positions can be told."""
    keys: np.ndarray = pairs[:, 0] * items + pairs[:, 1]
    return keys


def pair_matrix(pairs: np.ndarray, users: int, items: int) -> sp.csr_matrix:
    """A sorted binary matrix [U, I], float32."""
    ones = np.ones(len(pairs), dtype=np.float32)
    matrix = sp.csr_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(users, items))
    matrix.sort_indices()
    return matrix
