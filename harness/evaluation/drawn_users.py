"""A draw of the users who are tested, for datasets that have too many of them."""

from __future__ import annotations

import hashlib

import numpy as np
import scipy.sparse as sp


def drawn_users(users: np.ndarray, tokens: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw ``count`` of some users at random; all of them if there are no more.

    Every user gets a number that is hashed from the seed and the user's token, and those with the smallest
    numbers are drawn. So a larger draw holds a smaller one, and it does not matter which users there are
    beside, or in which order they stand.

    Args:
        users: Positions of the users, ascending, [n].
        tokens: The tokens of all users, [U].
        count: Number of users to draw.
        seed: Seed of the draw.

    Returns:
        Positions of the drawn users, ascending.
    """
    if len(users) <= count:
        return users
    key = seed.to_bytes(8, "little")
    hashes = (hashlib.blake2b(token.encode(), digest_size=8, key=key) for token in tokens[users].tolist())
    numbers = np.array([int.from_bytes(found.digest(), "little") for found in hashes], dtype=np.uint64)
    return np.sort(users[np.argsort(numbers, kind="stable")[:count]])


def only_rows(matrix: sp.csr_matrix, rows: np.ndarray) -> sp.csr_matrix:
    """The matrix [U, I] with these rows; all others are empty."""
    counts = np.zeros(matrix.shape[0], dtype=np.int64)
    counts[rows] = np.diff(matrix.indptr)[rows]
    kept, indptr = matrix[rows], np.concatenate([[0], np.cumsum(counts)])
    return sp.csr_matrix((kept.data, kept.indices, indptr), shape=matrix.shape)
