"""Metrics worked by hand, and against an independent library."""

from __future__ import annotations

from math import log2

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, P, R, Success, nDCG

from harness.evaluation.metrics import METRICS, beyond_accuracy, check_metric
from harness.evaluation.ties import Exposure, Relevance, TieGroups, relevance

HITS = np.array([[False, True, False, True]])
RELEVANT = np.array([3])

WORKED = {
    "recall": [0, 1 / 3, 1 / 3, 2 / 3],
    "precision": [0, 1 / 2, 1 / 3, 2 / 4],
    "hit": [0, 1, 1, 1],
    "mrr": [0, 1 / 2, 1 / 2, 1 / 2],
    "map": [0, (1 / 2) / 2, (1 / 2) / 3, (1 / 2 + 2 / 4) / 3],
    "ndcg": [
        0,
        (1 / log2(3)) / (1 + 1 / log2(3)),
        (1 / log2(3)) / (1 + 1 / log2(3) + 1 / log2(4)),
        (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / log2(4)),
    ],
}


def without_ties(hits: np.ndarray) -> Relevance:
    """What is expected of lists in which no two items have equal scores."""
    position = np.tile(np.arange(hits.shape[1]), (len(hits), 1))
    return relevance(hits, TieGroups(position, np.ones_like(position)), np.zeros(len(hits), dtype=int))


@pytest.mark.parametrize("name", METRICS)
def test_worked_by_hand(name: str) -> None:
    np.testing.assert_allclose(METRICS[name](without_ties(HITS), RELEVANT)[0], WORKED[name])


def random_lists(users: int = 50, depth: int = 20) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    hits = random.random((users, depth)) < 0.15
    return hits, hits.sum(1) + random.integers(1, 9, users)


@pytest.mark.parametrize("k", [1, 5, 20])
def test_equal_to_an_independent_library(k: int) -> None:
    hits, relevant = random_lists()
    qrels, run = [], []
    for user, (row, count) in enumerate(zip(hits, relevant, strict=True)):
        found = [f"i{rank}" for rank in np.flatnonzero(row)]
        names = found + [f"missed{number}" for number in range(count - len(found))]
        qrels += [ir_measures.Qrel(str(user), name, 1) for name in names]
        run += [ir_measures.ScoredDoc(str(user), f"i{rank}", float(-rank)) for rank in range(len(row))]
    theirs = {
        "recall": R @ k,
        "precision": P @ k,
        "hit": Success @ k,
        "mrr": RR @ k,
        "ndcg": nDCG @ k,
        "map": AP @ k,
    }
    values = {
        (str(m.measure), m.query_id): m.value for m in ir_measures.iter_calc(theirs.values(), qrels, run)
    }
    for name, measure in theirs.items():
        ours = METRICS[name](without_ties(hits), relevant)[:, k - 1]
        other = np.array([values[str(measure), str(user)] for user in range(len(hits))])
        if name == "map":  # trec_eval divides by all relevant items, RecBole by min(k, relevant)
            other = other * relevant / np.minimum(k, relevant)
        np.testing.assert_allclose(ours, other, atol=1e-9, err_msg=name)


def exposure_of(lists: list[list[int]], items: int) -> Exposure:
    """The exposure by lists of items of which no two have equal scores."""
    exposure = Exposure((2,), items)
    for each in lists:
        exposure.add(np.array(each), np.arange(len(each)), np.ones(len(each)))
    return exposure


def test_beyond_accuracy_by_hand() -> None:
    degree = np.array([5, 3, 1, 7])
    found = beyond_accuracy(exposure_of([[0, 1], [0, 2]], 4), degree, 2)
    assert found["coverage@2"] == 3 / 4
    assert found["popularity@2"] == (5 + 3 + 5 + 1) / 4
    # Counts 0, 1, 1, 2 in order: sum of (2 j - I - 1) counts / (I * total).
    assert found["gini@2"] == pytest.approx((-3 * 0 - 1 * 1 + 1 * 1 + 3 * 2) / (4 * 4))


def test_a_list_may_be_shorter_than_the_cutoff() -> None:
    degree = np.array([5, 3, 1, 7])
    found = beyond_accuracy(exposure_of([[0, 1], [0]], 4), degree, 2)
    assert found["coverage@2"] == 2 / 4
    assert found["popularity@2"] == (5 + 3 + 5) / 3
    assert found["gini@2"] == pytest.approx((-3 * 0 - 1 * 0 + 1 * 1 + 3 * 2) / (4 * 3))


def test_items_of_equal_score_share_the_places_by_hand() -> None:
    """Item 0 comes first; items 1, 2 and 3 share the other place of the list."""
    exposure = Exposure((2,), 4)
    exposure.add(np.arange(4), np.array([0, 1, 1, 1]), np.array([1, 3, 3, 3]))
    found = beyond_accuracy(exposure, np.array([5, 3, 1, 7]), 2)
    assert found["coverage@2"] == pytest.approx(2 / 4)
    assert found["popularity@2"] == pytest.approx((5 + (3 + 1 + 7) / 3) / 2)
    assert found["gini@2"] == pytest.approx((-3 / 3 - 1 / 3 + 1 / 3 + 3) / (4 * 2))


@pytest.mark.parametrize(
    ("name", "hint"), [("recal@20", "did you mean 'recall'"), ("recall", "cut-off"), ("ndcg@0", "cut-off")]
)
def test_misspelt_metrics_are_refused(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        check_metric(name)
