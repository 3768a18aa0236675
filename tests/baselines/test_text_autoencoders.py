"""Linear autoencoders with text, against dense algebra and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from harness.systems.assembly import pick
from harness.systems.line import parse
from harness.systems.registry import CLASSICS
from harness.systems.settings import settings
from harness.testing.world import ITEMS, USERS, WIDTH, random_pairs

TEXT = ["EASE-Text", "EASE-Collective", "EASE-Additive", "L3AE"]

ROWS = np.random.default_rng(2).normal(size=(ITEMS, WIDTH)).astype(np.float32)


def train_matrix() -> sp.csr_matrix:
    pairs = random_pairs()
    return sp.csr_matrix((np.ones(len(pairs), np.float32), pairs.T), shape=(USERS, ITEMS))


def scores(
    name: str, rows: np.ndarray = ROWS, train: sp.csr_matrix | None = None, **hyper: Any
) -> np.ndarray:
    """The scores of all users [U, I]."""
    spec, entry = parse(name), CLASSICS[name]
    text = [rows] if spec.needs_text else []
    fitted, _ = entry.make(
        pick(entry.options, settings(spec, hyper)), train_matrix() if train is None else train, *text
    )
    return fitted(np.arange(USERS))


def solution(gram: np.ndarray, ridge: float) -> np.ndarray:
    """-(gram + ridge I)^-1, divided column by column by its diagonal, then with a zero diagonal."""
    inverse = np.linalg.inv(gram + ridge * np.eye(len(gram)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


def dense(name: str, rows: np.ndarray, scale: str) -> np.ndarray:
    """The scores by whole matrices."""
    values = settings(parse(name), {})
    train = train_matrix().toarray().astype(np.float64)
    gram, rows = train.T @ train, rows.astype(np.float64)
    if scale == "unit":
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    text = rows @ rows.T
    if name == "EASE-Collective":
        return train @ solution(gram + values["text_weight"] ** 2 * text, values["ridge"])
    target = solution(text, values["text_ridge"])
    if name == "EASE-Text":
        return train @ target
    if name == "EASE-Additive":
        share = values["text_weight"]
        return train @ ((1 - share) * solution(gram, values["ridge"]) + share * target)
    return train @ distilled(gram, target, values["ridge"], values["distillation"])


def distilled(gram: np.ndarray, target: np.ndarray, ridge: float, pull: float) -> np.ndarray:
    """Column by column, the minimum of L3AE's loss over the other rows, which is a system of equations."""
    weights = np.zeros_like(gram)
    for column in range(len(gram)):
        others = np.delete(np.arange(len(gram)), column)
        left = gram[np.ix_(others, others)] + (ridge + pull) * np.eye(len(others))
        weights[others, column] = np.linalg.solve(left, gram[others, column] + pull * target[others, column])
    return weights


@pytest.mark.parametrize("scale", ["unit", "raw"])
@pytest.mark.parametrize("name", TEXT)
def test_scores_equal_dense_algebra(name: str, scale: str) -> None:
    np.testing.assert_allclose(scores(name, text_scale=scale), dense(name, ROWS, scale), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "hyper"),
    [
        ("EASE-Collective", {"text_weight": 0.0}),
        ("EASE-Additive", {"text_weight": 0.0}),
        ("L3AE", {"distillation": 0.0}),
    ],
)
def test_without_its_text_it_is_ease(name: str, hyper: dict[str, float]) -> None:
    expected = scores("EASE^R", ridge=70.0)
    np.testing.assert_allclose(scores(name, ridge=70.0, **hyper), expected, rtol=0, atol=1e-6)


def test_without_interactions_it_is_the_text_alone() -> None:
    text = scores("EASE-Text")
    np.testing.assert_allclose(scores("EASE-Additive", text_weight=1.0), text, rtol=0, atol=1e-12)
    np.testing.assert_allclose(scores("L3AE", ridge=1.0, distillation=1e9), text, rtol=0, atol=1e-6)


def test_a_negative_ridge_is_a_ridge_around_more_than_the_text() -> None:
    """Half the pull towards twice the weights is the same as ridge -e/2 with the pull e."""
    values = settings(parse("L3AE"), {})
    train = train_matrix().toarray().astype(np.float64)
    rows = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)
    target = solution(rows.astype(np.float64) @ rows.T, values["text_ridge"])
    doubled = train @ distilled(train.T @ train, 2 * target, 0.0, 40.0)
    np.testing.assert_allclose(scores("L3AE", ridge=-40.0, distillation=80.0), doubled, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", TEXT)
def test_relabelled_items_permute_the_scores(name: str) -> None:
    order = np.random.default_rng(3).permutation(ITEMS)
    moved = scores(name, ROWS[order], train_matrix()[:, order])
    np.testing.assert_allclose(moved, scores(name)[:, order], rtol=0, atol=1e-12)
    assert not np.allclose(scores(name, ROWS[order]), scores(name))  # whose text it is matters


@pytest.mark.parametrize("name", TEXT)
def test_text_of_length_one_has_no_scale_and_may_be_blank(name: str) -> None:
    rows = ROWS.copy()
    rows[3] = 0.0
    np.testing.assert_allclose(scores(name, 7 * rows), scores(name, rows), rtol=0, atol=1e-6)
    assert np.isfinite(scores(name, rows)).all()


@pytest.mark.parametrize("name", TEXT)
def test_blocks_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scores(name)
    monkeypatch.setattr("baselines.text_autoencoders.BLOCK", 7)
    np.testing.assert_allclose(scores(name), whole, rtol=0, atol=1e-12)


def test_wide_text_and_narrow_text_follow_the_same_formula() -> None:
    wide = np.random.default_rng(4).normal(size=(ITEMS, 3 * ITEMS)).astype(np.float32)
    for rows in (wide, ROWS[:, :1]):
        np.testing.assert_allclose(scores("L3AE", rows), dense("L3AE", rows, "unit"), rtol=0, atol=1e-12)


def test_an_inverse_that_does_not_exist_is_refused() -> None:
    from baselines.closed_form import inverse_of

    with pytest.raises(ValueError, match=r"a ridge of -5\.0 has no inverse; expected a larger ridge"):
        inverse_of(np.zeros((3, 3)), -5.0)
