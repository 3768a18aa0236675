"""Neighbours by cosine: of items (ItemKNN) and of users (UserKNN)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from baselines.classic_hyper import ItemKNNHyper, UserKNNHyper
from baselines.classics import Scores

BLOCK_ENTRIES = 1 << 21
"""Largest number of entries of a product that is in memory at a time: 24 MiB of values and columns."""

Weigh = Callable[[sp.csr_matrix, int], None]
"""Changes the values of a block of rows in place; the second argument is the number of its first row."""


def item_knn(options: ItemKNNHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score an item by the sum of its similarities to the user's train items; ``train`` is [U, I].

    s_ij = x_i . x_j / (|x_i| |x_j| + shrink), where a user with n train pairs counts n ** -user_weight.
    Of each item, the ``neighbours`` largest similarities are kept.

    Paper: Deshpande & Karypis, TOIS 2004; Aiolli, RecSys 2013.

    Returns:
        The scores, and the number of learned values.
    """
    weighted = _weighted(train, options.user_weight)
    kept = _nearest(weighted.T.tocsr(), options.shrink, options.neighbours, np.float64)
    similarity = kept.astype(train.dtype).T.tocsr()
    return lambda users: (train[users] @ similarity).toarray(), similarity.nnz


def user_knn(options: UserKNNHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score an item by the sum of the similarities of those neighbours of the user who have it.

    s_uv = x_u . x_v / (|x_u| |x_v| + shrink), where an item with n train pairs counts n ** -item_weight.
    Of each user, the ``neighbours`` largest similarities are kept. ``train`` is [U, I].

    Paper: Herlocker et al., SIGIR 1999; Aiolli, RecSys 2013.

    Returns:
        The scores, and the number of learned values.
    """
    weighted = _weighted(train.T.tocsr(), options.item_weight)
    kept = _nearest(weighted.T.tocsr(), options.shrink, options.neighbours)
    similarity = kept.astype(train.dtype)
    return lambda users: (similarity[users] @ train).toarray(), similarity.nnz


def largest_of_product(
    left: sp.csr_matrix,
    right: sp.csr_matrix,
    count: int,
    weigh: Weigh | None = None,
    precision: type[np.floating] = np.float32,
) -> sp.csr_matrix:
    """The ``count`` largest entries of every row of left @ right, without its diagonal.

    The product is computed in blocks of rows, so that memory grows with ``count`` entries a row.

    Args:
        left: [n, m].
        right: [m, n].
        count: Number of entries that a row keeps at most. Entries of 0 are never kept.
        weigh: Changes the entries of a block before they are compared.
        precision: Entries that are equal in this precision are a tie. Of tied entries, those in smaller
            columns are kept. In float32 the order in which a sum was added up decides no tie.
    """
    blocks = []
    for rows in _row_blocks(left, right):
        block = (left[rows] @ right).tocsr()
        if weigh is not None:
            weigh(block, rows.start)
        _clear_diagonal(block, rows.start)
        blocks.append(keep_largest(block, count, precision))
    return sp.vstack(blocks, format="csr")


def keep_largest(
    matrix: sp.csr_matrix, count: int, precision: type[np.floating] = np.float32
) -> sp.csr_matrix:
    """The ``count`` largest entries of every row; see :func:`largest_of_product` for ties."""
    matrix.eliminate_zeros()
    matrix.sort_indices()
    compared = matrix.data.astype(precision)
    rows = pairwise(matrix.indptr.tolist())
    kept = [first + _largest(compared[first:last], count) for first, last in rows]
    lengths = [len(row) for row in kept]
    chosen = np.concatenate([np.empty(0, dtype=np.int64), *kept])
    entries = (matrix.data[chosen], matrix.indices[chosen], np.concatenate([[0], np.cumsum(lengths)]))
    return sp.csr_matrix(entries, shape=matrix.shape)


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Ascending positions of the ``count`` largest values; of equal values, the first ones."""
    if len(values) <= count:
        return np.arange(len(values))
    least = np.partition(values, -count)[-count]
    kept = values > least
    tied = np.flatnonzero(values == least)
    kept[tied[: count - np.count_nonzero(kept)]] = True
    return np.flatnonzero(kept)


def _nearest(
    vectors: sp.csr_matrix, shrink: float, count: int, precision: type[np.floating] = np.float32
) -> sp.csr_matrix:
    """The ``count`` largest cosines of each of the ``vectors`` [n, m] with the others, as [n, n]."""
    norm = np.sqrt(np.asarray(vectors.multiply(vectors).sum(1)).ravel())

    def divide(block: sp.csr_matrix, start: int) -> None:
        row = start + np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
        block.data /= norm[row] * norm[block.indices] + shrink

    return largest_of_product(vectors, vectors.T.tocsr(), count, divide, precision)


def _weighted(matrix: sp.csr_matrix, power: float) -> sp.csr_matrix:
    """The matrix such that a row with n entries counts n ** -power in products of two columns."""
    degree = np.maximum(np.asarray(matrix.sum(1), dtype=np.float64).ravel(), 1.0)
    return sp.diags(degree ** (-power / 2.0)) @ matrix


def _row_blocks(left: sp.csr_matrix, right: sp.csr_matrix) -> Iterator[slice]:
    """Blocks of rows of left @ right with at most ``BLOCK_ENTRIES`` entries, or one row if it has more."""
    counts = np.diff(right.indptr)
    summed = np.concatenate([[0], np.cumsum(counts[left.indices])])
    entries = np.minimum(np.diff(summed[left.indptr]), right.shape[1])
    start = size = 0
    for row, count in enumerate(entries.tolist()):
        if row > start and size + count > BLOCK_ENTRIES:
            yield slice(start, row)
            start, size = row, 0
        size += count
    yield slice(start, len(entries))


def _clear_diagonal(block: sp.csr_matrix, start: int) -> None:
    """Set the entries to 0 whose column is their row; ``start`` is the number of the block's first row."""
    row = start + np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    block.data[block.indices == row] = 0.0
