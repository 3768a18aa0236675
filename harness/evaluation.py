"""Full-ranking evaluation: the best K unseen items of every user, and per-user scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from harness.metrics import METRICS, beyond_accuracy

Scorer = Callable[[np.ndarray], torch.Tensor]
"""User positions [B] to scores [B, I] in canonical item order."""

BLOCK = 1024
"""Users scored at once; never the whole U x I."""


@dataclass(frozen=True)
class Evaluation:
    """What one scorer reaches.

    Attributes:
        users: One row a user with at least one relevant item; columns ``user`` (position) and
            METRIC@K.
        overall: Coverage, Gini index and mean popularity of the lists.
    """

    users: pd.DataFrame
    overall: dict[str, float]


def evaluate(
    scorer: Scorer,
    relevant: sp.csr_matrix,
    hidden: sp.csr_matrix,
    train: sp.csr_matrix,
    metrics: tuple[str, ...],
    cutoffs: tuple[int, ...],
) -> Evaluation:
    """Rank all items for every user with a relevant item.

    Args:
        scorer: Scores of all items for a block of users.
        relevant: What is to be found, [U, I].
        hidden: What may not be listed, [U, I]; the train positives at least.
        train: The train pairs, [U, I], for the items' popularity.
        metrics: Names from ``METRICS``.
        cutoffs: Values of k; those beyond the number of items are measured on the whole list.
    """
    users = np.flatnonzero(np.diff(relevant.indptr))
    depth = min(max(cutoffs), relevant.shape[1])
    top, hits = rank(scorer, users, relevant, hidden, depth)
    count = np.diff(relevant.indptr)[users]
    columns: dict[str, np.ndarray] = {"user": users}
    for name in metrics:
        values = METRICS[name](hits, count)
        for k in cutoffs:
            columns[f"{name}@{k}"] = values[:, min(k, depth) - 1]
    degree = np.asarray(train.sum(0)).ravel()
    overall = {key: value for k in cutoffs for key, value in beyond_accuracy(top, degree, k).items()}
    return Evaluation(pd.DataFrame(columns), overall)


def rank(
    scorer: Scorer, users: np.ndarray, relevant: sp.csr_matrix, hidden: sp.csr_matrix, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best ``depth`` items of every user [n, depth], and whether each is relevant."""
    tops, hits = [], []
    for start in range(0, len(users), BLOCK):
        block = users[start : start + BLOCK]
        scores = scorer(block).cpu()
        scores[_entries(hidden[block])] = -torch.inf
        top = torch.topk(scores, depth, dim=1).indices
        wanted = torch.zeros(scores.shape, dtype=torch.bool)
        wanted[_entries(relevant[block])] = True
        tops.append(top.numpy())
        hits.append(wanted.gather(1, top).numpy())
    return np.concatenate(tops), np.concatenate(hits)


def _entries(matrix: sp.csr_matrix) -> tuple[torch.Tensor, torch.Tensor]:
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return torch.from_numpy(row), torch.from_numpy(matrix.indices.astype(np.int64))
