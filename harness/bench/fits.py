"""Fits of ItemKNN, UserKNN, RP3beta and EASE^R by this project, by irspack and by RecBole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

from baselines.classics import Scores
from harness.bench.evaluations import our_evaluation, stock_of
from harness.bench.sides import Sides
from harness.bench.world import World
from harness.systems.assembly import pick
from harness.systems.line import parse
from harness.systems.registry import CLASSICS
from harness.systems.settings import settings

NEIGHBOURS, SHRINK, BETA, RIDGE = 100, 10.0, 0.3, 250.0
"""The hyper-parameters of all fits that are timed."""

CHECKED_USERS = 300
"""Users whose scores are compared before a fit is timed."""

TOLERANCE = 1e-5
"""Largest difference between two scores, as a share of the largest score."""

CHECKED = (
    f"the scores of the first {CHECKED_USERS:,} users, fitted on their pairs alone with all neighbours kept, "
    f"are equal to {TOLERANCE:g} of the largest"
)
"""Scores are compared without a cut, since libraries cut differently. Of the similarities of items, ItemKNN
keeps the largest of each column here and in RecBole, and those of each row in irspack; RP3beta keeps those of
rows here and of columns in irspack. Nor are the same ones of equal neighbours kept."""

OURS: Mapping[str, dict[str, Any]] = {
    "ItemKNN": {"shrink": SHRINK, "user_weight": 0.0},
    "UserKNN": {"shrink": SHRINK, "item_weight": 0.0},
    "RP3beta": {"alpha": 1.0, "beta": BETA},
    "EASE^R": {"ridge": RIDGE},
}
"""Hyper-parameters with which our fits do what the other libraries do; ``neighbours`` comes to them."""

Fit = Callable[[int], Scores]
"""Fits a system that keeps so many neighbours of each user or item, and returns its scores."""


def our_fit(line: str, train: sp.csr_matrix) -> Fit:
    """Our fit of a system."""
    entry, spec = CLASSICS[line], parse(line)

    def fit(neighbours: int) -> Scores:
        kept = {"neighbours": neighbours} if entry.neighbours_of else {}
        scores: Scores = entry.make(pick(entry.options, settings(spec, {**OURS[line], **kept})), train)[0]
        return scores

    return fit


def irspack_fit(line: str, train: sp.csr_matrix, threads: int) -> Fit:
    """The fit of a system by irspack, where a user or item is its own neighbour and takes one place."""
    import irspack

    cosine = {"shrinkage": SHRINK, "normalize": True, "n_threads": threads}
    walk = {"alpha": 1.0, "beta": BETA, "n_threads": threads}
    model, options = {
        "ItemKNN": (irspack.CosineKNNRecommender, cosine),
        "UserKNN": (irspack.CosineUserKNNRecommender, cosine),
        "RP3beta": (irspack.RP3betaRecommender, walk),
        "EASE^R": (irspack.DenseSLIMRecommender, {"reg": RIDGE}),
    }[line]

    def fit(neighbours: int) -> Scores:
        kept = {} if line == "EASE^R" else {"top_k": neighbours + 1}
        scores: Scores = model(train, **options, **kept).learn().get_score
        return scores

    return fit


def recbole_fit(line: str, world: World, folder: Path) -> Fit:
    """The fit of a system by RecBole, whose ItemKNN also scores all pairs in it, after the data was read."""
    stock = stock_of(world, folder)
    if line == "EASE^R":
        return lambda neighbours: stock.fitted("EASE", {"reg_weight": RIDGE})
    method = {"ItemKNN": "item", "UserKNN": "user"}[line]
    return lambda neighbours: stock.fitted(
        "ItemKNN", {"k": neighbours, "knn_method": method, "shrink": SHRINK}
    )


def beside_irspack(line: str) -> Callable[[World, int, Path], Sides]:
    """The comparison of our fit of a system with irspack's."""

    def sides(world: World, threads: int, folder: Path) -> Sides:
        return _sides(line, world, lambda data: irspack_fit(line, data.matrix(data.train), threads))

    return sides


def beside_recbole(line: str) -> Callable[[World, int, Path], Sides]:
    """The comparison of our fit of a system with RecBole's."""

    def sides(world: World, threads: int, folder: Path) -> Sides:
        return _sides(line, world, lambda data: recbole_fit(line, data, folder))

    return sides


def _sides(line: str, world: World, other_fit: Callable[[World], Fit]) -> Sides:
    """Our fit and another's. Their scores are compared first, on the pairs of some users."""
    part = first_users(world, CHECKED_USERS)
    train, every = part.matrix(part.train), max(part.users, part.items)
    check_equal(our_fit(line, train)(every), other_fit(part)(every), train)
    ours, other = our_fit(line, world.matrix(world.train)), other_fit(world)
    ndcg = (_ndcg(world, ours(NEIGHBOURS)), _ndcg(world, other(NEIGHBOURS)))
    return Sides(lambda: ours(NEIGHBOURS), lambda: other(NEIGHBOURS), CHECKED, ndcg)


def first_users(world: World, count: int) -> World:
    """The pairs of the first users, with the items of their train pairs alone."""
    items = np.unique(world.train[world.train[:, 0] < count, 1])

    def kept(pairs: np.ndarray) -> np.ndarray:
        pairs = pairs[(pairs[:, 0] < count) & np.isin(pairs[:, 1], items)]
        return np.stack([pairs[:, 0], np.searchsorted(items, pairs[:, 1])], axis=1)

    train, valid, test = (kept(pairs) for pairs in (world.train, world.valid, world.test))
    return World(world.name, min(count, world.users), len(items), train, valid, test)


def check_equal(ours: Scores, other: Scores, train: sp.csr_matrix) -> None:
    """Check that two systems give the same scores to the items that a user may be shown.

    Raises:
        RuntimeError: They do not.
    """
    may_be_shown = train.toarray() == 0
    users = np.arange(train.shape[0])
    our_scores, scores = (np.asarray(side(users))[may_be_shown] for side in (ours, other))
    apart = np.abs(our_scores - scores).max() / np.abs(our_scores).max()
    if not apart <= TOLERANCE:
        raise RuntimeError(
            f"two scores differ by {apart:.1e} of the largest score; expected at most {TOLERANCE:g}, because "
            "both sides fit the same equations"
        )


def _ndcg(world: World, scores: Scores) -> float:
    """ndcg@20 of a fitted system."""
    evaluation = our_evaluation(
        world, lambda users: torch.from_numpy(np.asarray(scores(users), dtype=np.float32))
    )
    return float(evaluation().users["ndcg@20"].mean())
