"""Ranking metrics of every user, and measures of all lists together.

The metrics have RecBole's definitions, without its rounding to four decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.errors import did_you_mean

Array = np.ndarray[Any, Any]

Metric = Callable[[Array, Array], Array]
"""Takes which list entries are relevant ([U, K], bool, best rank first) and how many items are relevant to
each user ([U]). Returns the metric at every cut-off from 1 to K, [U, K]."""


def recall(hits: Array, relevant: Array) -> Array:
    """Share of the user's relevant items that are among the first k."""
    return hits.cumsum(1) / relevant[:, None]


def precision(hits: Array, relevant: Array) -> Array:
    """Share of the first k items that are relevant."""
    return hits.cumsum(1) / _ranks(hits)


def hit(hits: Array, relevant: Array) -> Array:
    """1 if any of the first k items is relevant, else 0."""
    return (hits.cumsum(1) > 0).astype(float)


def mrr(hits: Array, relevant: Array) -> Array:
    """1 / the rank of the first relevant item; 0 if none is among the first k."""
    return np.maximum.accumulate(hits / _ranks(hits), axis=1)


def average_precision(hits: Array, relevant: Array) -> Array:
    """Sum of the precision at the rank of every relevant item, divided by min(k, relevant items)."""
    gained = (hits * precision(hits, relevant)).cumsum(1)
    return gained / np.minimum(_ranks(hits), relevant[:, None])


def ndcg(hits: Array, relevant: Array) -> Array:
    """Discounted gain, divided by that of a list which begins with min(k, relevant items) relevant items."""
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
    """Check that ``name`` is a key of ``METRICS``.

    Raises:
        ValueError: It is not; the message names the most similar metric.
    """
    if name not in METRICS:
        raise ValueError(f"unknown metric {name!r}; {did_you_mean(name, METRICS)}")


def check_metric(name: str) -> str:
    """Check that ``name`` is a metric with a cut-off, such as ``recall@20``, and return it.

    Raises:
        ValueError: The metric is unknown, or the cut-off is missing or less than 1.
    """
    metric, _, k = name.partition("@")
    check_metric_name(metric)
    if not k.isdecimal() or int(k) < 1:
        raise ValueError(f"metric {name!r} has no cut-off of 1 or more; expected for example {metric}@20")
    return name


def beyond_accuracy(
    top: np.ndarray, train_degree: np.ndarray, k: int, is_recommended: np.ndarray | None = None
) -> dict[str, float]:
    """Measure how varied the recommended items are, and how popular.

    Args:
        top: Items in every user's list, [U, K] with K >= k.
        train_degree: Number of train pairs of each item, [I].
        k: Cut-off.
        is_recommended: Which entries of ``top`` are recommendations, bool [U, K]; all of them if None. The
            list of a user with fewer than K candidates ends with hidden items, which are no recommendations.

    Returns:
        ``coverage@k`` (share of the items that are recommended to anybody), ``gini@k`` (Gini index of how
        often each item is recommended: 0 if all are recommended equally often) and ``popularity@k`` (mean
        number of train pairs of a recommended item).

    Differs: RecBole counts its padding item among the items, so its coverage is ours * I / (I + 1).
    """
    items = len(train_degree)
    recommended = top[:, :k].ravel() if is_recommended is None else top[:, :k][is_recommended[:, :k]]
    if not len(recommended):
        return {f"coverage@{k}": 0.0, f"gini@{k}": np.nan, f"popularity@{k}": np.nan}
    counts = np.sort(np.bincount(recommended, minlength=items))
    weight = 2 * np.arange(1, items + 1) - items - 1
    return {
        f"coverage@{k}": float((counts > 0).mean()),
        f"gini@{k}": float((weight * counts).sum() / (items * counts.sum())),
        f"popularity@{k}": float(train_degree[recommended].mean()),
    }
