"""Full-ranking evaluation: the best K unseen items of every user, and per-user scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from harness.evaluation.metrics import METRICS, beyond_accuracy, recall

Scorer = Callable[[np.ndarray], torch.Tensor]
"""User positions [B] to scores [B, I] in canonical item order."""

BLOCK_NUMEL = 1 << 20
"""Scores made at once; 4 MiB of them stay in a processor's cache."""

GROUP = 16
"""Columns a group when the best are looked for."""


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
    item_strata: Mapping[str, np.ndarray] | None = None,
) -> Evaluation:
    """Rank all items for every user with a relevant item.

    Args:
        scorer: Scores of all items for a block of users.
        relevant: What is to be found, [U, I].
        hidden: What may not be listed, [U, I]; the train positives at least.
        train: The train pairs, [U, I], for the items' popularity.
        metrics: Names from ``METRICS``.
        cutoffs: Values of k; those beyond the number of items are measured on the whole list.
        item_strata: Which items belong to each stratum, bool [I]; adds ``recall@K|STRATUM``, the share
            found of a user's relevant items in the stratum, NaN where there are none.
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
    for label, mine in (item_strata or {}).items():
        wanted = np.asarray(relevant[users].multiply(mine).sum(1)).ravel()
        values = recall(hits & mine[top], np.where(wanted > 0, wanted, np.nan))
        columns |= {f"recall@{k}|{label}": values[:, min(k, depth) - 1] for k in cutoffs}
    degree = np.asarray(train.sum(0)).ravel()
    overall = {key: value for k in cutoffs for key, value in beyond_accuracy(top, degree, k).items()}
    return Evaluation(pd.DataFrame(columns), overall)


def rank(
    scorer: Scorer, users: np.ndarray, relevant: sp.csr_matrix, hidden: sp.csr_matrix, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """The best ``depth`` items of every user [n, depth], and whether each is relevant."""
    tops, unlisted = [], hidden[users]
    size = max(1, BLOCK_NUMEL // relevant.shape[1])
    for start in range(0, len(users), size):
        scores = scorer(users[start : start + size]).cpu()
        scores[_entries(unlisted, start, len(scores))] = -torch.inf
        tops.append(best(scores, depth).numpy())
    top = np.concatenate(tops)
    return top, _member(relevant, users, top)


def best(scores: torch.Tensor, depth: int) -> torch.Tensor:
    """Columns of the ``depth`` largest scores of each row [B, I], best first, [B, depth].

    They lie in the ``depth`` groups of columns with the largest maxima: one pass over all scores and
    two short selections take half the time of selecting from each row.
    """
    groups = scores.shape[1] // GROUP
    if groups <= depth:
        return scores.topk(depth).indices
    whole = scores[:, : groups * GROUP].reshape(-1, GROUP, groups)  # column c is in group c % groups
    chosen = _largest(whole.amax(1), depth)
    columns = (chosen.unsqueeze(2) + groups * torch.arange(GROUP)).flatten(1)
    rest = torch.arange(groups * GROUP, scores.shape[1]).expand(len(scores), -1)
    columns = torch.cat([columns, rest], dim=1)
    values = scores.gather(1, columns)
    kept = _largest(values, depth)
    order = values.gather(1, kept).argsort(dim=1, descending=True)
    return columns.gather(1, kept.gather(1, order))


def _largest(values: torch.Tensor, depth: int) -> torch.Tensor:
    """Columns of the ``depth`` largest values of each row, in any order; numpy selects twice as fast."""
    columns = np.argpartition(values.numpy(), values.shape[1] - depth, axis=1)[:, -depth:]
    return torch.from_numpy(np.ascontiguousarray(columns))


def _member(matrix: sp.csr_matrix, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Whether the matrix has the entry (rows_n, columns_nk), [n, k]."""
    width = matrix.shape[1]
    row, column = matrix.nonzero()
    known = np.sort(row * width + column)
    wanted = rows[:, None].astype(np.int64) * width + columns
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found: np.ndarray = known[at] == wanted
    return found


def _entries(matrix: sp.csr_matrix, start: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows, from 0, and columns of the entries in ``count`` rows from ``start`` on."""
    bounds = matrix.indptr[start : start + count + 1]
    row = np.repeat(np.arange(count), np.diff(bounds))
    return torch.from_numpy(row), torch.from_numpy(matrix.indices[bounds[0] : bounds[-1]].astype(np.int64))
