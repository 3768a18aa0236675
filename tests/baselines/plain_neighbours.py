"""UserKNN, ItemKNN, P3alpha and RP3beta with dense matrices and plain loops, written from their equations."""

from __future__ import annotations

import numpy as np


def cut(matrix: np.ndarray, count: int) -> np.ndarray:
    """Each row with its ``count`` largest entries alone; of entries equal in float32, the first ones stay."""
    kept = np.zeros_like(matrix)
    for row, values in enumerate(matrix):
        order = sorted(range(len(values)), key=lambda column: (-np.float32(values[column]), column))
        kept[row, order[:count]] = values[order[:count]]
    return kept


def walk_scores(
    train: np.ndarray,
    alpha: float,
    beta: float,
    neighbours: int,
    normalise: bool = False,
    columns: bool = False,
) -> np.ndarray:
    """X W with the walk matrix W [I, I] of P3alpha (beta 0) and RP3beta."""
    user_degree, item_degree = (np.maximum(train.sum(axis), 1.0) for axis in (1, 0))
    from_user = (train / user_degree[:, None]) ** alpha
    from_item = (train.T / item_degree[:, None]) ** alpha
    walks = from_item @ from_user / item_degree**beta
    np.fill_diagonal(walks, 0.0)
    walks = cut(walks, neighbours)
    if normalise:
        row_sum = walks.sum(1, keepdims=True)
        walks = np.divide(walks, row_sum, out=np.zeros_like(walks), where=row_sum > 0)
    if columns:
        walks = cut(walks.T, neighbours).T
    return train @ walks


def nearest(vectors: np.ndarray, weight: np.ndarray, shrink: float, neighbours: int) -> np.ndarray:
    """The largest similarities of each row of ``vectors`` [n, m]; ``weight`` [m] is in every product."""
    products = vectors * weight @ vectors.T
    norm = np.sqrt(np.diag(products))
    denominator = np.outer(norm, norm) + shrink
    similarity = np.divide(products, denominator, out=np.zeros_like(products), where=denominator > 0)
    np.fill_diagonal(similarity, 0.0)
    return cut(similarity, neighbours)


def user_knn_scores(train: np.ndarray, neighbours: int, shrink: float, item_weight: float) -> np.ndarray:
    """S X with the similarities S [U, U] of users."""
    weight = np.maximum(train.sum(0), 1.0) ** -item_weight
    return nearest(train, weight, shrink, neighbours) @ train


def item_knn_scores(train: np.ndarray, neighbours: int, shrink: float, user_weight: float) -> np.ndarray:
    """X S^T with the similarities S [I, I] of items, whose rows hold each item's own neighbours."""
    weight = np.maximum(train.sum(1), 1.0) ** -user_weight
    return train @ nearest(train.T, weight, shrink, neighbours).T
