"""Ranking: hidden items never appear; per-user means equal RecBole's own evaluator."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.data.dataset import Dataset
from harness.data.prepare import prepare
from harness.data.spec import Movielens, SplitSpec
from harness.errors import RunFailed
from harness.evaluation import ranking
from harness.evaluation.metrics import METRICS
from harness.evaluation.ranking import Evaluation, evaluate
from harness.evaluation.selection import best_columns
from harness.testing.conformance import make_run
from harness.testing.world import checkerboard
from harness.training.prepared_data import prepared
from harness.training.run import train
from models.recommender import HostedClassic, HostedRecommender


def test_lists_are_the_best_unseen_items() -> None:
    scores = torch.tensor([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 1.0]])
    hidden = sp.csr_matrix(np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=np.float32))
    relevant = sp.csr_matrix(np.array([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
    found = evaluate(lambda users: scores[users].clone(), relevant, hidden, hidden, ("recall",), (1, 3)).users
    assert found["user"].tolist() == [0, 1], "a user with nothing to find is not measured"
    assert found["recall@1"].tolist() == [0.5, 0.0]
    assert found["recall@3"].tolist() == [1.0, 1.0]


def test_recall_of_an_items_stratum_counts_its_items_alone() -> None:
    """User 0 wants b and d and is shown b, c; user 1 wants a alone and is shown c, b."""
    scores = torch.tensor([[0.0, 4.0, 3.0, 1.0], [1.0, 3.0, 4.0, 0.0]])
    relevant = sp.csr_matrix(np.array([[0, 1, 0, 1], [1, 0, 0, 0]], dtype=np.float32))
    hidden = sp.csr_matrix((2, 4), dtype=np.float32)
    strata = {"tail": np.array([True, False, False, True]), "head": np.array([False, True, True, False])}
    found = evaluate(
        lambda users: scores[users].clone(), relevant, hidden, hidden, ("hit",), (2, 3), strata
    ).users
    assert found["recall@2|head"].tolist() == pytest.approx([1.0, np.nan], nan_ok=True)
    assert found["recall@2|tail"].tolist() == [0.0, 0.0]
    assert found["recall@3|tail"].tolist() == [1.0, 1.0]


def test_hidden_items_are_not_counted_as_recommended() -> None:
    """User 0 has one candidate, d; user 1 has b, c and d."""
    scores = torch.tensor([[4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 2.0, 1.0]])
    hidden = sp.csr_matrix(np.array([[1, 1, 1, 0], [1, 0, 0, 0]], dtype=np.float32))
    relevant = sp.csr_matrix(np.array([[0, 0, 0, 1], [0, 0, 0, 1]], dtype=np.float32))
    found = evaluate(lambda users: scores[users].clone(), relevant, hidden, hidden, ("precision",), (1, 3))
    assert found.overall["popularity@1"] == (0 + 1) / 2, "d and b"
    assert found.overall["popularity@3"] == (0 + 1 + 1 + 0) / 4, "d; b, c, d"
    assert found.overall["coverage@3"] == 3 / 4
    assert found.users["precision@3"].tolist() == pytest.approx([1 / 3, 1 / 3]), "of k, as ever"


def test_hits_are_found_in_a_matrix_of_more_cells_than_32_bits_can_number() -> None:
    last = 59_999
    relevant = sp.csr_matrix(([np.float32(1)], ([last], [last])), shape=(last + 1, last + 1))
    nothing = sp.csr_matrix(relevant.shape, dtype=np.float32)
    scorer = lambda users: torch.arange(last + 1.0).repeat(len(users), 1)  # noqa: E731
    found = evaluate(scorer, relevant, nothing, nothing, ("recall",), (1,))
    assert found.users.to_numpy().tolist() == [[last, 1.0]]


def test_users_who_are_judged_apart_have_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 4 users: all 50 at once, or 8 at a time. Scores have ties, some across the lists' ends."""
    random = np.random.default_rng(0)
    scores = torch.from_numpy(random.integers(0, 8, (50, 30)).astype(np.float32))
    relevant, hidden = (sp.csr_matrix(random.random((50, 30)) < 0.1, dtype=np.float32) for _ in range(2))
    strata = {"tail": np.arange(30) < 15}

    def evaluated() -> Evaluation:
        scorer = lambda users: scores[users].clone()  # noqa: E731
        return evaluate(scorer, relevant, hidden, hidden, tuple(METRICS), (3, 5), strata)

    monkeypatch.setattr(ranking, "BLOCK_NUMEL", 4 * 30)
    together = evaluated()
    monkeypatch.setattr(ranking, "PART_NUMEL", 10 * 5)
    apart = evaluated()
    pd.testing.assert_frame_equal(apart.users, together.users, check_exact=True)
    assert apart.overall == pytest.approx(together.overall, rel=1e-12)
    assert apart.overall["tied@3"] == together.overall["tied@3"] > 0


def test_memory_grows_with_the_users_and_not_with_the_length_of_their_lists() -> None:
    """80,000 users with lists of 100 of 128 items: one table of all lists alone would take 61 MiB."""
    users, items = 80_000, 128
    relevant = sp.csr_matrix((np.ones(users, np.float32), (np.arange(users), np.arange(users) % items)))
    nothing = sp.csr_matrix((users, items), dtype=np.float32)
    row = torch.rand(items, generator=torch.Generator().manual_seed(0))
    scorer = lambda block: row.repeat(len(block), 1)  # noqa: E731
    peaks = []
    for count in (users // 2, users):
        tracemalloc.start()
        evaluate(scorer, relevant[:count], nothing[:count], nothing[:count], ("recall",), (100,))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 61 << 19, "half of one table"


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_scores_that_are_no_finite_numbers_end_the_run(value: float) -> None:
    scores = torch.arange(40.0).repeat(3, 1)
    scores[1, 7] = value
    nothing = sp.csr_matrix((3, 40), dtype=np.float32)
    relevant = sp.csr_matrix(np.eye(3, 40, dtype=np.float32))
    with pytest.raises(
        RunFailed, match=r"Mine gives scores that are no finite numbers \(1 (NaN|infinite) of 120\)"
    ):
        evaluate(
            lambda users: scores[users].clone(), relevant, nothing, nothing, ("hit",), (2,), system="Mine"
        )


@pytest.mark.parametrize("line", ["MostPop", "LightGCN"])
def test_a_run_whose_scores_are_nan_fails_in_a_sentence(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = checkerboard()
    for hosted in (HostedClassic, HostedRecommender):
        scorer = lambda self, users, items: lambda block: torch.full((len(block), len(items)), torch.nan)  # noqa: E731
        monkeypatch.setattr(hosted, "scorer", scorer)
    with (
        prepared(dataset, None) as data,
        pytest.raises(RunFailed, match=rf"^{line} gives scores that are no finite numbers .* learning rate"),
    ):
        train(make_run(line), data)


def test_scores_of_hidden_items_may_be_anything() -> None:
    scores = torch.arange(6.0).repeat(2, 1)
    scores[0, 2], scores[1, 2] = -torch.inf, torch.nan
    hidden = sp.csr_matrix(np.tile([0, 0, 1, 0, 0, 0], (2, 1)).astype(np.float32))
    relevant = sp.csr_matrix(np.tile([0, 0, 0, 0, 0, 1], (2, 1)).astype(np.float32))
    found = evaluate(lambda users: scores[users].clone(), relevant, hidden, hidden, ("hit",), (1,))
    assert found.users["hit@1"].tolist() == [1, 1]


def test_large_scores_whose_sum_is_infinite_are_finite() -> None:
    scores = torch.full((1, 30), 2e37)
    nothing = sp.csr_matrix((1, 30), dtype=np.float32)
    relevant = sp.csr_matrix(np.ones((1, 30), dtype=np.float32))
    assert evaluate(lambda users: scores[users].clone(), relevant, nothing, nothing, ("hit",), (1,)).overall


@given(st.integers(1, 8), st.integers(1, 400), st.integers(1, 20), st.integers(0, 99))
def test_best_equals_sorting(rows: int, columns: int, depth: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = torch.from_numpy(random.permutation(rows * columns).reshape(rows, columns).astype(np.float32))
    scores[torch.from_numpy(random.random((rows, columns)) < 0.1)] = -torch.inf
    depth = min(depth, columns)
    found = scores.gather(1, best_columns(scores, depth))
    assert torch.equal(found, scores.sort(descending=True).values[:, :depth])


@pytest.fixture(scope="module")
def movielens() -> Dataset:
    return prepare("ml", Movielens(kind="movielens"), SplitSpec(), 3)


def test_equal_to_recbole(movielens: Dataset) -> None:
    from recbole.evaluator import Collector, Evaluator

    from harness.recbole_host.config import make_config, quiet
    from models.recommender import HostedRecommender

    cutoffs = (1, 5, 10, 20)
    options = {
        "metrics": [
            "Recall",
            "NDCG",
            "Precision",
            "Hit",
            "MRR",
            "MAP",
            "ItemCoverage",
            "GiniIndex",
            "AveragePopularity",
        ],
        "topk": list(cutoffs),
        "metric_decimal_place": 12,
    }
    config = make_config(HostedRecommender, "anything", {**options, "valid_metric": "Recall@10"})
    users, items = len(movielens.users), len(movielens.items)
    scores = torch.randn(users, items, generator=torch.Generator().manual_seed(1))
    scores += torch.from_numpy(movielens.matrix("test").toarray()) * 1.5
    train, test = movielens.matrix("train"), movielens.matrix("test")
    ours = evaluate(lambda block: scores[block], test, train, train, tuple(METRICS), cutoffs)

    padded = torch.nn.functional.pad(scores, (1, 0), value=-torch.inf)
    seen = torch.from_numpy(np.argwhere(train.toarray()))
    padded[seen[:, 0], seen[:, 1] + 1] = -torch.inf
    tested = torch.from_numpy(ours.users["user"].to_numpy())
    place = torch.full((users,), -1).scatter(0, tested, torch.arange(len(tested)))
    pairs = torch.from_numpy(movielens.test)
    collector = Collector(config)
    counts = {number + 1: int(count) for number, count in enumerate(train.sum(0).A1)}
    collector.eval_batch_collect(padded[tested], None, place[pairs[:, 0]], pairs[:, 1] + 1)
    collected = collector.get_data_struct()
    collected.set("data.num_items", items + 1)
    collected.set("data.count_items", counts)
    with quiet():
        theirs = Evaluator(config).evaluate(collected)
    for name in METRICS:
        for k in cutoffs:
            mean = ours.users[f"{name}@{k}"].mean()
            assert mean == pytest.approx(theirs[f"{name}@{k}"], abs=1e-6), f"{name}@{k}"
    for k in cutoffs:
        overall = ours.overall
        # RecBole counts its padding item, which nobody is ever recommended.
        assert overall[f"coverage@{k}"] * items / (items + 1) == pytest.approx(theirs[f"itemcoverage@{k}"])
        assert overall[f"popularity@{k}"] == pytest.approx(theirs[f"averagepopularity@{k}"], abs=1e-4)
        with_padding = (overall[f"gini@{k}"] * items + 1) / (items + 1)
        assert with_padding == pytest.approx(theirs[f"giniindex@{k}"])
