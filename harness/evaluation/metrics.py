"""Ranking metrics of every user, and measures of all lists together.

The metrics have RecBole's definitions, without its rounding to four decimals. Where items have equal scores,
a metric is its mean over all orders of these items.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.errors import did_you_mean
from harness.evaluation.ties import Array, Exposure, Relevance

Metric = Callable[[Relevance, Array], Array]
"""Takes what is expected at every position of the lists ([U, K], best rank first) and how many items are
relevant to each user ([U]). Returns the metric at every cut-off from 1 to K, [U, K]."""


def recall(lists: Relevance, relevant: Array) -> Array:
    """Share of the user's relevant items that are among the first k."""
    return lists.chance.cumsum(1) / relevant[:, None]


def precision(lists: Relevance, relevant: Array) -> Array:
    """Share of the first k items that are relevant."""
    return lists.chance.cumsum(1) / _ranks(lists)


def hit(lists: Relevance, relevant: Array) -> Array:
    """1 if any of the first k items is relevant, else 0."""
    return lists.first.cumsum(1)


def mrr(lists: Relevance, relevant: Array) -> Array:
    """1 / the rank of the first relevant item; 0 if none is among the first k."""
    return (lists.first / _ranks(lists)).cumsum(1)


def average_precision(lists: Relevance, relevant: Array) -> Array:
    """Sum of the precision at the rank of every relevant item, divided by min(k, relevant items)."""
    gained = (lists.seen / _ranks(lists)).cumsum(1)
    return gained / np.minimum(_ranks(lists), relevant[:, None])


def ndcg(lists: Relevance, relevant: Array) -> Array:
    """Discounted gain, divided by that of a list which begins with min(k, relevant items) relevant items."""
    discount = 1.0 / np.log2(_ranks(lists) + 1.0)
    ideal = discount.cumsum()
    length = np.minimum(_ranks(lists), relevant[:, None])
    return (lists.chance * discount).cumsum(1) / ideal[length - 1]


def _ranks(lists: Relevance) -> Array:
    return np.arange(1, lists.chance.shape[1] + 1)


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


def beyond_accuracy(exposure: Exposure, train_degree: np.ndarray, k: int) -> dict[str, float]:
    """Measure how varied the recommended items are, and how popular.

    Args:
        exposure: How often every item is recommended. Hidden items at the end of a short list are no
            recommendations.
        train_degree: Number of train pairs of each item, [I].
        k: One of the exposure's cut-offs.

    Returns:
        ``coverage@k`` (share of the items that are recommended to anybody), ``gini@k`` (Gini index of how
        often each item is recommended: 0 if all are recommended equally often) and ``popularity@k`` (mean
        number of train pairs of a recommended item). Where scores are equal, coverage is the mean over all
        orders; Gini index and popularity are those of the expected numbers of recommendations.

    Differs: RecBole counts its padding item among the items, so its coverage is ours * I / (I + 1).
    """
    expected, items = exposure.expected[k], len(train_degree)
    total = expected.sum()
    if not total:
        return {f"coverage@{k}": 0.0, f"gini@{k}": np.nan, f"popularity@{k}": np.nan}
    weight = 2 * np.arange(1, items + 1) - items - 1
    return {
        f"coverage@{k}": float((1.0 - np.exp(exposure.log_absent[k])).mean()),
        f"gini@{k}": float((weight * np.sort(expected)).sum() / (items * total)),
        f"popularity@{k}": float((expected * train_degree).sum() / total),
    }
