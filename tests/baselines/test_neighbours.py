"""ItemKNN, UserKNN, P3alpha and RP3beta against dense matrices; ties, blocks, relabelled ids and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from baselines import neighbours
from harness.systems.assembly import pick
from harness.systems.line import parse
from harness.systems.registry import CLASSICS
from harness.systems.settings import settings
from harness.testing.world import random_pairs
from harness.training.memory import PROCESS_BYTES, Sizes, needed_bytes
from tests.baselines.plain_neighbours import item_knn_scores, user_knn_scores, walk_scores

LINES = ["ItemKNN", "UserKNN", "P3alpha", "RP3beta"]


def matrix(pairs: np.ndarray, users: int = 30, items: int = 20) -> sp.csr_matrix:
    """The train matrix [U, I] in float64, so that scores are too."""
    return sp.csr_matrix((np.ones(len(pairs)), pairs.T), shape=(users, items))


def scores(line: str, train: sp.csr_matrix, **hyper: Any) -> np.ndarray:
    """The scores of all users, [U, I]."""
    entry = CLASSICS[line]
    score, _ = entry.make(pick(entry.options, settings(parse(line), hyper)), train)
    return score(np.arange(train.shape[0]))


def walks(
    train: np.ndarray, normalise: str = "none", cut: str = "rows", beta: float = 0.0, **hyper: Any
) -> np.ndarray:
    return walk_scores(train, **hyper, beta=beta, normalise=normalise == "l1", columns=cut == "rows-columns")


PLAIN: dict[str, Callable[..., np.ndarray]] = {
    "ItemKNN": item_knn_scores,
    "UserKNN": user_knn_scores,
    "P3alpha": walks,
    "RP3beta": walks,
}


def drawn_settings(line: str, random: np.random.Generator) -> dict[str, Any]:
    """Every hyper-parameter of a system, drawn from its range or its choices."""
    drawn: dict[str, Any] = {}
    for name, item in parse(line).options().items():
        facts = item.metadata
        drawn[name] = (
            float(random.uniform(facts["low"], facts["high"]))
            if not facts["choices"]
            else str(random.choice(facts["choices"]))
        )
    return drawn | {"neighbours": int(random.integers(1, 25))}


@pytest.mark.parametrize("line", LINES)
@given(st.integers(0, 999))
@hypothesis_settings(deadline=None, max_examples=40)
def test_scores_equal_those_of_dense_matrices(line: str, seed: int) -> None:
    """Some users and items have no train pair."""
    random = np.random.default_rng(seed)
    pairs = random_pairs(seed)
    pairs = pairs[(pairs[:, 0] > 1) & (pairs[:, 1] != 3)]
    train, hyper = matrix(pairs), drawn_settings(line, random)
    np.testing.assert_allclose(
        scores(line, train, **hyper), PLAIN[line](train.toarray(), **hyper), rtol=1e-11, atol=1e-14
    )


@pytest.mark.parametrize("line", LINES)
def test_every_hyper_parameter_changes_a_score(line: str) -> None:
    train, values = matrix(random_pairs()), settings(parse(line), {"neighbours": 6})
    before = scores(line, train, **values)
    for name, item in parse(line).options().items():
        choices = item.metadata["choices"]
        other = (
            next(choice for choice in choices if choice != values[name])
            if choices
            else type(values[name])(values[name] / 2) or 1.0
        )
        assert not np.allclose(scores(line, train, **{**values, name: other}), before), name


@pytest.mark.parametrize("line", LINES)
def test_blocks_of_rows_change_nothing(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    train = matrix(random_pairs())
    whole = scores(line, train, neighbours=5)
    monkeypatch.setattr(neighbours, "BLOCK_ENTRIES", 40)
    sizes = []
    keep_largest = neighbours.keep_largest

    def kept(block: sp.csr_matrix, *arguments: Any) -> sp.csr_matrix:
        sizes.append(block.nnz)
        return keep_largest(block, *arguments)

    monkeypatch.setattr(neighbours, "keep_largest", kept)
    assert np.array_equal(scores(line, train, neighbours=5), whole)
    assert len(sizes) >= 10
    assert max(sizes) <= 40


@pytest.mark.parametrize("line", LINES)
def test_relabelled_users_and_items_permute_scores(line: str) -> None:
    """Without a cut, so that no tie is decided by an index."""
    random = np.random.default_rng(2)
    train = matrix(random_pairs())
    users, items = random.permutation(30), random.permutation(20)
    moved = scores(line, train[users][:, items].tocsr(), neighbours=1000)
    np.testing.assert_allclose(moved, scores(line, train, neighbours=1000)[users][:, items], rtol=1e-12)


def test_of_equal_entries_those_in_smaller_columns_are_kept() -> None:
    rows = np.array([[0.0, 2.0, 1.0, 1.0, 1.0], [3.0, 3.0, 3.0, 3.0, 3.0], [0.0, 0.0, 5.0, 0.0, 0.0]])
    kept = neighbours.keep_largest(sp.csr_matrix(rows), 2).toarray()
    wanted = [[0.0, 2.0, 1.0, 0.0, 0.0], [3.0, 3.0, 0.0, 0.0, 0.0], [0.0, 0.0, 5.0, 0.0, 0.0]]
    np.testing.assert_array_equal(kept, wanted)


def test_the_order_of_a_sum_decides_no_tie() -> None:
    """.1 + .2 + .3 and .3 + .2 + .1 differ in the last bit of float64."""
    rows = sp.csr_matrix(np.array([[0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1], [0.3 + 0.2 + 0.1, 0.1 + 0.2 + 0.3]]))
    assert rows[0, 0] != rows[0, 1]
    assert neighbours.keep_largest(rows, 1).indices.tolist() == [0, 0]
    assert neighbours.keep_largest(rows, 1, np.float64).indices.tolist() == [0, 1]


def test_p3alpha_is_rp3beta_with_beta_zero() -> None:
    train = matrix(random_pairs())
    assert np.array_equal(scores("P3alpha", train, alpha=0.7), scores("RP3beta", train, alpha=0.7, beta=0.0))


@pytest.mark.parametrize("line", LINES)
def test_the_memory_estimate_holds(line: str) -> None:
    """On a graph so dense that every list is full; the estimate's share of the process itself is left out."""
    nodes, values = 3_000, settings(parse(line), {"neighbours": 1000})
    train = sp.random(nodes, nodes, 0.03, "csr", np.float32, random_state=0)
    train.data[:] = 1.0
    needed = needed_bytes(parse(line), values, Sizes(nodes, nodes, train.nnz, 0)) - PROCESS_BYTES
    tracemalloc.start()
    _, kept = CLASSICS[line].make(pick(CLASSICS[line].options, values), train)
    allocated = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept == nodes * 1000
    assert allocated < needed < 4 * allocated
