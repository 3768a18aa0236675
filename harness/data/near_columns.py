"""Pairs of items with nearly the same users, found without comparing every item with every other.

Let an item's users be in order from the rarest to the most frequent. Two items of m and n users with a
Jaccard index of at least J have at least J / (1 + J) (m + n) users in common; m is at least J n, and n is
at least J m. The prefix of an item is its m - ceil(J m) + 1 rarest users. Two such items have a user in
common in their prefixes: otherwise all common users would lie in the ceil(J m) - 1 others of one of them,
which are too few.

    Paper: Bayardo, Ma, Srikant, Scaling up all pairs similarity search, WWW 2007 (prefixes and sizes); Xiao
        et al., Efficient similarity joins for near duplicate detection, WWW 2008 (bounds on common users).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

MOST_PRODUCTS = 2**24
"""Pairs of entries that are multiplied in one block, which bounds its memory."""


def alike(pairs: sp.csr_matrix, jaccard: float, least: int) -> np.ndarray:
    """Pairs of items [2, n] whose users have a Jaccard index of ``jaccard`` and ``least`` users in common.

    Args:
        pairs: A binary matrix [U, I].
        jaccard: The least index of two items.
        least: The least number of users in common.
    """
    users = np.argsort(np.diff(pairs.indptr), kind="stable")
    by_item = sp.csr_matrix(pairs[users].T)
    by_item.sort_indices()  # the rarest users first
    degree = np.diff(by_item.indptr)
    items = np.argsort(degree, kind="stable")
    items = items[degree[items] >= least]
    by_item, degree = by_item[items], degree[items]
    found = [np.empty((2, 0), np.int64)]
    for pair in _candidates(by_item, degree, jaccard):
        common = np.asarray(by_item[pair[0]].multiply(by_item[pair[1]]).sum(1)).ravel()
        found.append(pair[:, common >= np.maximum(least, _needed(degree, pair, jaccard))])
    near: np.ndarray = items[np.concatenate(found, axis=1)]
    return near


def _candidates(by_item: sp.csr_matrix, degree: np.ndarray, jaccard: float) -> Iterator[np.ndarray]:
    """Pairs of rows [2, n] that may be alike, in blocks.

    Args:
        by_item: Rows in order of their degree, their columns in order of frequency.
        degree: The number of entries of each row.
        jaccard: The least index of two rows.
    """
    length = degree - np.ceil(jaccard * degree).astype(degree.dtype) + 1
    prefix, last = _prefixes(by_item, length)
    rest, columns = degree - length, by_item.shape[1]
    cells = np.repeat(np.arange(len(degree)), degree) * columns + by_item.indices
    # A row is compared with the rows up to 1 / jaccard times its degree, which stand behind it.
    ends = np.searchsorted(degree, degree / jaccard, side="right")
    work = np.concatenate([[0], np.cumsum(prefix @ prefix.getnnz(axis=0))])
    start = 0
    while start < len(degree):
        stop = max(start + 1, int(np.searchsorted(work, work[start] + MOST_PRODUCTS, side="right")) - 1)
        shared = prefix[start:stop] @ prefix[start : ends[stop - 1]].T
        row = np.repeat(np.arange(start, stop, dtype=np.int32), np.diff(shared.indptr))
        pair = np.stack([row, shared.indices + np.int32(start)])
        # What the prefixes do not share lies in the rest of the row whose prefix ends first.
        ahead = np.where(last[pair[0]] < last[pair[1]], rest[pair[0]], rest[pair[1]])
        kept = (pair[0] < pair[1]) & (shared.data + ahead >= _needed(degree, pair, jaccard))
        pair, common = pair[:, kept].astype(np.int64), shared.data[kept]
        # The same bound for both rows: it lies behind the column where the first of the two prefixes ends.
        end = last[pair].min(axis=0)
        behind = by_item.indptr[pair + 1] - np.searchsorted(cells, pair * columns + end, side="right")
        yield pair[:, common + behind.min(axis=0) >= _needed(degree, pair, jaccard)]
        start = stop


def _prefixes(by_item: sp.csr_matrix, length: np.ndarray) -> tuple[sp.csr_matrix, np.ndarray]:
    """The first ``length`` entries of each row, and the column of the last of them."""
    degree = np.diff(by_item.indptr)
    kept = np.arange(by_item.nnz) - np.repeat(by_item.indptr[:-1], degree) < np.repeat(length, degree)
    starts = np.concatenate([[0], np.cumsum(length)])
    columns = by_item.indices[kept]
    ones = np.ones(len(columns), dtype=np.int32)
    return sp.csr_matrix((ones, columns, starts), shape=by_item.shape), columns[starts[1:] - 1]


def _needed(degree: np.ndarray, pair: np.ndarray, jaccard: float) -> np.ndarray:
    """How many entries two rows must have in common at least, [n]."""
    needed: np.ndarray = jaccard / (1 + jaccard) * (degree[pair[0]] + degree[pair[1]]) - 1e-6
    return needed
