"""Three baselines in closed form: popularity, item neighbours and a linear autoencoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from baselines.hyper import EASEHyper, ItemKNNHyper, MostPopHyper

Scores = Callable[[np.ndarray], np.ndarray]
"""Takes the numbers of users [B] and returns their scores of all items [B, I], float32 or float64."""


def most_pop(options: MostPopHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score an item by its number of train pairs, a column sum of ``train`` [U, I].

    Returns:
        The scores, and the number of learned values.
    """
    degree = np.asarray(train.sum(0), dtype=np.float32).ravel()
    return lambda users: np.tile(degree, (len(users), 1)), len(degree)


def item_knn(options: ItemKNNHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score an item by the sum of its similarities to the user's train items; ``train`` is [U, I].

    s_ij = x_i . x_j / (|x_i| |x_j| + shrink), where a user with n train pairs counts n ** -user_weight.
    Of each item, the ``neighbours`` largest similarities are kept.

    Paper: Deshpande & Karypis, TOIS 2004; Aiolli, RecSys 2013.

    Returns:
        The scores, and the number of learned values.
    """
    degree = np.maximum(np.asarray(train.sum(1), dtype=np.float64).ravel(), 1.0)
    weighted = sp.diags(degree ** (-options.user_weight / 2.0)) @ train
    gram = (weighted.T @ weighted).tocsr()
    norm = np.sqrt(gram.diagonal())
    gram.setdiag(0.0)
    gram.eliminate_zeros()
    row = np.repeat(np.arange(gram.shape[0]), np.diff(gram.indptr))
    gram.data /= norm[row] * norm[gram.indices] + options.shrink
    similarity = _keep_largest(gram, options.neighbours).astype(np.float32).T.tocsr()
    return lambda users: np.asarray((train[users] @ similarity).todense()), similarity.nnz


def ease(options: EASEHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Score by X B with B = -P / diag(P), its diagonal zero, and P = (X^T X + ridge I)^-1.

    X is ``train`` [U, I].

    Paper: Steck, WWW 2019, equation 8.

    Returns:
        The scores, and the number of learned values.
    """
    gram = np.asarray((train.T @ train).todense(), dtype=np.float64)
    gram[np.diag_indices_from(gram)] += options.ridge
    inverse = np.linalg.inv(gram)
    weights = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return lambda users: np.asarray(train[users] @ weights), weights.size - len(weights)


def _keep_largest(matrix: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """The ``count`` largest entries of every row; of equal entries, those with the smaller columns."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, row))
    rank = np.arange(len(order)) - matrix.indptr[row[order]]
    kept = order[rank < count]
    entries = (matrix.data[kept], (row[kept], matrix.indices[kept]))
    return sp.csr_matrix(entries, shape=matrix.shape)
