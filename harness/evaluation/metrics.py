"""Ranking metrics a user, equal to RecBole's definitions without its rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.errors import did_you_mean

Array = np.ndarray[Any, Any]

Metric = Callable[[Array, Array], Array]
"""Hits [U, K] (bool, by rank) and relevant items [U] to the metric at every cut-off 1..K, [U, K]."""


def recall(hits: Array, relevant: Array) -> Array:
    """Share of the relevant items found."""
    return hits.cumsum(1) / relevant[:, None]


def precision(hits: Array, relevant: Array) -> Array:
    """Share of the list that is relevant."""
    return hits.cumsum(1) / _ranks(hits)


def hit(hits: Array, relevant: Array) -> Array:
    """1 where anything relevant is found."""
    return (hits.cumsum(1) > 0).astype(float)


def mrr(hits: Array, relevant: Array) -> Array:
    """Reciprocal rank of the first relevant item."""
    return np.maximum.accumulate(hits / _ranks(hits), axis=1)


def average_precision(hits: Array, relevant: Array) -> Array:
    """Precision summed over the hits' ranks / min(k, relevant)."""
    gained = (hits * precision(hits, relevant)).cumsum(1)
    return gained / np.minimum(_ranks(hits), relevant[:, None])


def ndcg(hits: Array, relevant: Array) -> Array:
    """Discounted gain / that of the ideal list of min(k, relevant) items."""
    discount = 1.0 / np.log2(_ranks(hits) + 1.0)
    ideal = discount.cumsum()
    length = np.minimum(_ranks(hits), relevant[:, None])
    return (hits * discount).cumsum(1) / ideal[length - 1]


def _ranks(hits: np.ndarray) -> np.ndarray:
    return np.arange(1, hits.shape[1] + 1)


METRICS: dict[str, Metric] = {
    "recall": recall,
    "ndcg": ndcg,
    "precision": precision,
    "hit": hit,
    "mrr": mrr,
    "map": average_precision,
}


def check_metric_name(name: str) -> None:
    """Refuse what is no metric.

    Raises:
        ValueError: It is none; names the nearest right one.
    """
    if name not in METRICS:
        raise ValueError(f"unknown metric {name!r}; {did_you_mean(name, METRICS)}")


def check_metric(name: str) -> str:
    """Return ``name`` if it reads METRIC@K.

    Raises:
        ValueError: It does not, or the metric is unknown.
    """
    metric, _, k = name.partition("@")
    check_metric_name(metric)
    if not k.isdecimal() or int(k) < 1:
        raise ValueError(f"metric {name!r}; expected a cut-off such as {metric}@20")
    return name


def beyond_accuracy(top: np.ndarray, train_degree: np.ndarray, k: int) -> dict[str, float]:
    """Coverage, Gini index and mean popularity of what is recommended.

    Args:
        top: Recommended items, [U, K] with K >= k.
        train_degree: Train interactions an item, [I].
        k: Cut-off.

    Differs: RecBole counts its padding item among the items, so its coverage is ours * I / (I + 1).
    """
    items = len(train_degree)
    counts = np.sort(np.bincount(top[:, :k].ravel(), minlength=items))
    weight = 2 * np.arange(1, items + 1) - items - 1
    return {
        f"coverage@{k}": float((counts > 0).mean()),
        f"gini@{k}": float((weight * counts).sum() / (items * counts.sum())),
        f"popularity@{k}": float(train_degree[top[:, :k]].mean()),
    }
