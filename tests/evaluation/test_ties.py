"""Every figure of an evaluation is the mean over all orders of equal scores, by trying all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, permutations, product
from math import log2

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evaluation import ranking
from harness.evaluation.metrics import METRICS
from harness.evaluation.ranking import Evaluation, evaluate
from harness.evaluation.ties import TieGroups, relevance

NAMES = tuple(METRICS)


@dataclass(frozen=True)
class World:
    """A few users and items; scores, relevant and hidden pairs and an item stratum."""

    scores: np.ndarray
    relevant: np.ndarray
    hidden: np.ndarray
    train: np.ndarray
    stratum: np.ndarray

    @classmethod
    def draw(cls, seed: int, users: int = 5, items: int = 7, levels: int = 3) -> World:
        """Scores are of few ``levels``, 0 with either sign among them."""
        random = np.random.default_rng(seed)
        scores = random.integers(0, levels, (users, items)) * random.choice([-1.0, 1.0])
        scores = np.where(scores == 0, random.choice([-0.0, 0.0], scores.shape), scores).astype(np.float32)
        hidden = random.random((users, items)) < random.choice([0.0, 0.3, 0.6])
        hidden[:, random.integers(items)] = False
        relevant = (random.random((users, items)) < 0.4) & ~hidden
        train = random.random((users, items)) < 0.5
        return cls(scores, relevant, hidden, train, random.random(items) < 0.5)

    def permuted(self, order: np.ndarray) -> World:
        """The same world with the items in another order."""
        return World(*(array[..., order] for array in vars(self).values()))

    def evaluate(self, cutoffs: tuple[int, ...]) -> Evaluation:
        """What is measured of the scores."""
        relevant, hidden, train = (
            sp.csr_matrix(pairs.astype(np.float32)) for pairs in (self.relevant, self.hidden, self.train)
        )
        scores = torch.from_numpy(self.scores)
        strata = {"one": self.stratum}
        return evaluate(lambda users: scores[users].clone(), relevant, hidden, train, NAMES, cutoffs, strata)

    def orders(self, user: int) -> Iterator[list[int]]:
        """All orders of a user's candidates that are sorted by score."""
        candidates = np.flatnonzero(~self.hidden[user])
        values = self.scores[user, candidates]
        groups = [
            candidates[values == value].tolist() for value in sorted(set(values.tolist()), reverse=True)
        ]
        for choice in product(*(permutations(group) for group in groups)):
            yield list(chain(*choice))


def measured(listed: list[int], relevant: np.ndarray, k: int) -> dict[str, float]:
    """The metrics of one list, by their definitions."""
    hits = [bool(relevant[item]) for item in listed[:k]]
    ranks = [rank for rank, is_hit in enumerate(hits, 1) if is_hit]
    best = min(k, int(relevant.sum()))
    return {
        "recall": len(ranks) / relevant.sum(),
        "precision": len(ranks) / k,
        "hit": float(bool(ranks)),
        "mrr": 1 / ranks[0] if ranks else 0.0,
        "map": sum(number / rank for number, rank in enumerate(ranks, 1)) / best,
        "ndcg": sum(1 / log2(rank + 1) for rank in ranks) / sum(1 / log2(n + 1) for n in range(1, best + 1)),
    }


def gini(counts: np.ndarray) -> float:
    """The Gini index as half the relative mean difference."""
    return float(np.abs(counts[:, None] - counts).mean() / (2 * counts.mean()))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_000), st.integers(1, 7), st.integers(1, 4))
def test_equal_to_the_mean_over_all_orders(seed: int, k: int, levels: int) -> None:
    world = World.draw(seed, levels=levels)
    if not world.relevant.any():
        return
    found = world.evaluate((k,))
    listed = np.zeros(world.scores.shape)
    crossed = []
    for row in found.users.itertuples(index=False):
        user = int(row[0])
        relevant, orders = world.relevant[user], list(world.orders(user))
        expected = pd.DataFrame([measured(order, relevant, k) for order in orders]).mean()
        in_stratum = relevant & world.stratum
        expected["stratum"] = (
            np.mean([in_stratum[order[:k]].sum() / in_stratum.sum() for order in orders])
            if in_stratum.any()
            else np.nan
        )
        np.testing.assert_allclose(row[1:], expected[[*NAMES, "stratum"]], atol=1e-12, err_msg=str(user))
        for order in orders:
            listed[user, order[:k]] += 1 / len(orders)
        crossed.append(len({frozenset(order[:k]) for order in orders}) > 1)
    count = listed.sum(0)
    assert found.overall[f"coverage@{k}"] == pytest.approx((1 - np.prod(1 - listed, axis=0)).mean())
    assert found.overall[f"gini@{k}"] == pytest.approx(gini(count), abs=1e-12)
    degree = world.train.sum(0)
    assert found.overall[f"popularity@{k}"] == pytest.approx((count * degree).sum() / count.sum())
    assert found.overall[f"tied@{k}"] == pytest.approx(np.mean(crossed))


def assert_same(one: Evaluation, other: Evaluation) -> None:
    """Both evaluations have the same figures where both have a figure."""
    columns = [name for name in one.users if name in other.users]
    pd.testing.assert_frame_equal(one.users[columns], other.users[columns], rtol=0, atol=1e-12)
    for name in one.overall.keys() & other.overall.keys():
        assert one.overall[name] == pytest.approx(other.overall[name], abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("levels", [1, 3, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_a_figure_does_not_depend_on_other_cutoffs(seed: int, levels: int) -> None:
    world = World.draw(seed, users=20, items=60, levels=levels)
    for cutoffs in ((5,), (20,), (1, 5, 59), (5, 20, 60), (5, 20, 100)):
        one, all_of_them = world.evaluate(cutoffs), world.evaluate((1, 5, 20, 59, 60, 100))
        shared = [name for name in one.users if "@" in name]
        pd.testing.assert_frame_equal(one.users[shared], all_of_them.users[shared], rtol=0, atol=0)
        assert_same(one, all_of_them)


@pytest.mark.parametrize("levels", [1, 3, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_a_figure_does_not_depend_on_the_order_of_items(seed: int, levels: int) -> None:
    world = World.draw(seed, users=20, items=400, levels=levels)
    order = np.random.default_rng(seed).permutation(400)
    assert_same(world.evaluate((5, 20)), world.permuted(order).evaluate((5, 20)))


@pytest.mark.parametrize("seed", range(5))
def test_a_figure_does_not_depend_on_the_size_of_blocks(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.draw(seed, users=20, items=60)
    whole = world.evaluate((5, 20))
    monkeypatch.setattr(ranking, "BLOCK_NUMEL", 180)
    assert_same(whole, world.evaluate((5, 20)))


def test_hidden_items_are_not_tied() -> None:
    """The user has two candidates for five places, and their scores differ."""
    scores = np.array([[1, 2, 3, 3, 3, 3, 3]], dtype=np.float32)
    hidden = np.array([[False] * 2 + [True] * 5])
    relevant = np.array([[True] + [False] * 6])
    found = World(scores, relevant, hidden, hidden, relevant[0]).evaluate((1, 5))
    assert found.users["recall@1"].tolist() == [0.0]
    assert found.users["mrr@5"].tolist() == [0.5]
    assert (found.overall["tied@1"], found.overall["tied@5"]) == (0.0, 0.0)


def test_users_who_score_all_items_alike_hit_as_by_chance() -> None:
    nothing = np.zeros((1, 100), dtype=bool)
    relevant = nothing.copy()
    relevant[0, [3, 50]] = True
    scores = np.ones((1, 100), dtype=np.float32)
    found = World(scores, relevant, nothing, nothing, relevant[0]).evaluate((10,))
    assert found.users["recall@10"].tolist() == pytest.approx([0.1])
    assert found.users["hit@10"].tolist() == pytest.approx([1 - (90 * 89) / (100 * 99)])
    assert found.overall["coverage@10"] == pytest.approx(0.1)
    assert found.overall["gini@10"] == pytest.approx(0.0, abs=1e-12)
    assert found.overall["tied@10"] == 1.0


def test_lists_without_ties_are_the_special_case_of_the_formulas() -> None:
    """A user with a tie changes no figure of the users without one, to the last digit."""
    hits = np.random.default_rng(0).random((30, 20)) < 0.3
    position = np.tile(np.arange(20), (30, 1))
    groups = TieGroups(position, np.ones_like(position))
    tied = TieGroups(
        np.vstack([position, np.zeros((1, 20), dtype=int)]), np.vstack([groups.size, [[20] * 20]])
    )
    none = np.zeros(31, dtype=int)
    for alone, beside in zip(
        relevance(hits, groups, none[:30]), relevance(np.vstack([hits, hits[:1]]), tied, none), strict=True
    ):
        np.testing.assert_array_equal(alone, beside[:30])
