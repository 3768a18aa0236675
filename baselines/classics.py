"""The simple baselines: popularity, item neighbours and the linear autoencoder, in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from models.hyper import hyper

Scores = Callable[[np.ndarray], np.ndarray]
"""Users [B] to the scores of every item [B, I], float32."""


@dataclass(frozen=True)
class MostPopHyper:
    """MostPop has nothing to set."""


@dataclass(frozen=True)
class ItemKNNHyper:
    """ItemKNN's hyper-parameters."""

    neighbours: int = hyper(100, "neighbours kept an item", 5, 1000, log=True)
    shrink: float = hyper(10.0, "shrinkage added to the norm product", 0.0, 1000.0, minimum=0.0)
    user_weight: float = hyper(0.5, "a user counts degree ** -user_weight", 0.0, 1.0, minimum=0.0)


@dataclass(frozen=True)
class EASEHyper:
    """EASE^R's hyper-parameter."""

    ridge: float = hyper(250.0, "ridge weight added to the Gram diagonal", 1.0, 1e4, log=True)


def most_pop(options: MostPopHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Every user gets the items' train degrees [I], the column sums of ``train`` [U, I]."""
    degree = np.asarray(train.sum(0), dtype=np.float32).ravel()
    return lambda users: np.tile(degree, (len(users), 1)), len(degree)


def item_knn(options: ItemKNNHyper, train: sp.csr_matrix) -> tuple[Scores, int]:
    """Sum of shrunk cosines between an item and the user's train items.

    s_ij = x_i . x_j / (|x_i| |x_j| + shrink) with a user's column weighted by degree ** -w; each
    item keeps its nearest ``neighbours``.

    Paper: Deshpande & Karypis, TOIS 2004; Aiolli, RecSys 2013.
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
    """B = -P / diag(P) with P = (X^T X + ridge I)^-1 and a zero diagonal; scores X B.

    Paper: Steck, WWW 2019, equation 8.
    """
    gram = np.asarray((train.T @ train).todense(), dtype=np.float64)
    gram[np.diag_indices_from(gram)] += options.ridge
    inverse = np.linalg.inv(gram)
    weights = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return lambda users: np.asarray(train[users] @ weights), weights.size - len(weights)


def _keep_largest(matrix: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """The ``count`` largest entries of every row; equal entries go to the smaller column."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, row))
    rank = np.arange(len(order)) - matrix.indptr[row[order]]
    kept = order[rank < count]
    entries = (matrix.data[kept], (row[kept], matrix.indices[kept]))
    return sp.csr_matrix(entries, shape=matrix.shape)
