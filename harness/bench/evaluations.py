"""Our full-ranking evaluation, and that of other libraries on the same scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from harness.bench.sides import Sides
from harness.bench.world import BATCH, World
from harness.evaluation.ranking import evaluate
from harness.recbole_host.stock import Stock
from harness.training.timing import Step
from models.products import product

FACTORS = 32
"""Width of the factors whose products are the scores."""

BLOCK = 512
"""Users whose scores are computed at a time for a library that takes scores."""

TOLERANCE = 1e-6
"""Largest difference between the metrics of two evaluations."""


def our_evaluation(world: World, scorer: Callable[[np.ndarray], Any]) -> Step:
    """Return a function that ranks all items for the test users.

    Train and validation positives are hidden, as RecBole does.
    """
    train, test = world.matrix(world.train), world.matrix(world.test)
    hidden = train + world.matrix(world.valid)
    return lambda: evaluate(scorer, test, hidden, train, ("recall", "ndcg"), (20,))


def check_equal(ours: Mapping[str, float], others: Mapping[str, float], library: str) -> str:
    """Check that two evaluations of the same scores give the same means; else their speeds say nothing.

    Args:
        ours: Our means by metric.
        others: The library's means by metric. Metrics that it does not have are not compared.
        library: Its name.

    Returns:
        What was compared.
    """
    compared = [name for name in ("recall@20", "ndcg@20") if name in others]
    for name in compared:
        if not abs(ours[name] - others[name]) <= TOLERANCE:
            raise RuntimeError(
                f"{name}: our evaluation gives {ours[name]} and that of {library} gives {others[name]}; "
                "expected equal values, because both rank the same scores"
            )
    return f"{' and '.join(compared)} are equal to {TOLERANCE:g}"


def _sides(world: World, scorer: Callable[[np.ndarray], Any], evaluation: Step, library: str) -> Sides:
    """Our evaluation and a library's, whose function returns its means by metric."""
    ours = our_evaluation(world, scorer)
    our_means, means = ours().users.mean(), evaluation()
    checked = check_equal(our_means, means, library)
    return Sides(ours, evaluation, checked, (float(our_means["ndcg@20"]), float(means["ndcg@20"])))


def recbole(world: World, threads: int, folder: Path) -> Sides:
    """Compare with RecBole, whose trainer evaluates its LightGCN. Ours takes the same scores."""
    stock = stock_of(world, folder)
    return _sides(world, stock.scorer(), stock.evaluate, "RecBole")


def irspack(world: World, threads: int, folder: Path) -> Sides:
    """Compare with irspack, whose evaluator takes blocks of scores."""
    import irspack

    user, item = _factors(world)
    evaluator = irspack.Evaluator(
        world.matrix(world.test), cutoff=20, masked_interactions=_hidden(world), n_threads=threads
    )

    def evaluation() -> dict[str, float]:
        blocks = (scores.numpy() for scores in _blocks(user, item))
        means = evaluator.get_score_from_score_chunks(blocks)
        return {f"{name}@20": means[name] for name in ("recall", "ndcg")}

    return _sides(world, lambda users: product(user[users], item), evaluation, "irspack")


def implicit(world: World, threads: int, folder: Path) -> Sides:
    """Compare with implicit, which ranks by factors and measures ndcg, but not the recall of each user."""
    from implicit.als import AlternatingLeastSquares
    from implicit.evaluation import ranking_metrics_at_k
    from threadpoolctl import threadpool_limits

    user, item = _factors(world)
    model = AlternatingLeastSquares(factors=FACTORS, use_gpu=False, num_threads=threads)
    model.user_factors, model.item_factors = user.numpy(), item.numpy()
    hidden, test = _hidden(world), world.matrix(world.test)

    def evaluation() -> dict[str, float]:
        with threadpool_limits(1, "blas"):  # implicit asks for it, since its own threads call BLAS
            means = ranking_metrics_at_k(model, hidden, test, K=20, show_progress=False, num_threads=threads)
        return {"ndcg@20": means["ndcg"]}

    return _sides(world, lambda users: product(user[users], item), evaluation, "implicit")


def ranx(world: World, threads: int, folder: Path) -> Sides:
    """Compare with ranx, which measures lists and ranks nothing: torch's top-k makes the lists."""
    import ranx
    from numba.typed import List

    user, item = _factors(world)
    hidden, test = _hidden(world), world.matrix(world.test)
    tested = np.flatnonzero(np.diff(test.indptr))
    relevant = List([_with_ones(test[row].indices) for row in tested])

    def evaluation() -> dict[str, float]:
        lists = []
        for start, scores in zip(range(0, len(tested), BLOCK), _blocks(user[tested], item), strict=True):
            known = hidden[tested[start : start + BLOCK]].tocoo()
            scores[known.row, known.col] = -torch.inf
            best = scores.topk(20)
            lists.append(torch.stack([best.indices.double(), best.values.double()], 2).numpy())
        means = ranx.evaluate(relevant, np.concatenate(lists), ["recall@20", "ndcg@20"], threads=threads)
        return {name: float(value) for name, value in means.items()}

    return _sides(world, lambda users: product(user[users], item), evaluation, "ranx")


def stock_of(world: World, folder: Path) -> Stock:
    """RecBole with the pairs of a world, which it reads from files in a folder of their own."""
    splits = {"train": world.train, "valid": world.valid, "test": world.test}
    return Stock(Path(mkdtemp(dir=folder)), splits, world.users, world.items, BATCH)


def _factors(world: World) -> tuple[Tensor, Tensor]:
    """The factors of users [U, D] and of items [I, D], from singular values of the train matrix."""
    train = world.matrix(world.train)
    width, start = min(FACTORS, min(train.shape) - 1), np.ones(min(train.shape), np.float32)
    left, values, right = sp.linalg.svds(train, width, v0=start)
    user, item = (np.ascontiguousarray(side, np.float32) for side in (left * values, right.T))
    return torch.from_numpy(user), torch.from_numpy(item)


def _hidden(world: World) -> sp.csr_matrix:
    """The pairs that no list may hold, [U, I]."""
    return (world.matrix(world.train) + world.matrix(world.valid)).tocsr()


def _blocks(user: Tensor, item: Tensor) -> Iterator[Tensor]:
    """The scores of all items, for a block of users at a time, [B, I]."""
    for start in range(0, len(user), BLOCK):
        yield user[start : start + BLOCK] @ item.T


def _with_ones(items: np.ndarray) -> np.ndarray:
    """Items beside a relevance of 1, as ranx takes them, [n, 2]."""
    return np.stack([items.astype(np.float64), np.ones(len(items))], axis=1)
