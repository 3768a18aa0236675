"""Full-ranking evaluation: every user's best K items that are not hidden, and the user's metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from harness.errors import RunFailed
from harness.evaluation.metrics import METRICS, beyond_accuracy, recall

Scorer = Callable[[np.ndarray], torch.Tensor]
"""Takes positions of users [B] and returns their scores of all items [B, I], both in the dataset's order."""

BLOCK_NUMEL = 1 << 20
"""Scores computed at a time; 4 MiB of them fit in a processor's cache."""

GROUP = 16
"""Columns in one group of :func:`best_columns`."""


@dataclass(frozen=True)
class Evaluation:
    """What one scorer reaches.

    Attributes:
        users: One row for each user with a relevant item; columns ``user`` (position in the dataset) and
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
    system: str = "the system",
) -> Evaluation:
    """Rank all items for every user who has a relevant item, and measure the lists.

    Args:
        scorer: Scores of all items for a block of users.
        relevant: Pairs that a good list holds, [U, I].
        hidden: Pairs that no list may hold, [U, I]: the train pairs, and others if wanted.
        train: Train pairs, [U, I]; the popularity of an item is counted from them.
        metrics: Names from ``METRICS``.
        cutoffs: Values of k. A k larger than the number of items is measured on the whole list.
        item_strata: Which items belong to each stratum, bool [I]. For each stratum a column
            ``recall@K|STRATUM`` is added: the share of the user's relevant items in that stratum which the
            list holds. It is NaN for users who have none.
        system: Name of the system, for the error message.

    Raises:
        RunFailed: A score is NaN or infinite. Scores of hidden items do not matter.
    """
    users = np.flatnonzero(np.diff(relevant.indptr))
    depth = min(max(cutoffs), relevant.shape[1])
    top = rank(scorer, users, hidden, depth, system)
    hits = _has_entries(relevant, users, top)
    relevant_count = np.diff(relevant.indptr)[users]
    columns: dict[str, np.ndarray] = {"user": users}
    for name in metrics:
        values = METRICS[name](hits, relevant_count)
        for k in cutoffs:
            columns[f"{name}@{k}"] = values[:, min(k, depth) - 1]
    for stratum, belongs in (item_strata or {}).items():
        count = np.asarray(relevant[users].multiply(belongs).sum(1)).ravel()
        values = recall(hits & belongs[top], np.where(count > 0, count, np.nan))
        columns |= {f"recall@{k}|{stratum}": values[:, min(k, depth) - 1] for k in cutoffs}
    candidates = hidden.shape[1] - np.diff(hidden.indptr)[users]
    is_recommended = np.arange(depth) < candidates[:, None]
    degree = np.asarray(train.sum(0)).ravel()
    overall: dict[str, float] = {}
    for k in cutoffs:
        overall |= beyond_accuracy(top, degree, k, is_recommended)
    return Evaluation(pd.DataFrame(columns), overall)


def rank(scorer: Scorer, users: np.ndarray, hidden: sp.csr_matrix, depth: int, system: str) -> np.ndarray:
    """Return the best ``depth`` items of every user, best first, [n, depth].

    Hidden items follow after all others, in any order.

    Raises:
        RunFailed: A score is NaN or infinite.
    """
    tops, hidden_rows = [], hidden[users]
    block = max(1, BLOCK_NUMEL // hidden.shape[1])
    for start in range(0, len(users), block):
        scores = scorer(users[start : start + block]).cpu()
        is_finite = bool(
            torch.isfinite(scores.sum())
        )  # one fast pass; only if it fails, each score is checked
        hidden_entries = _entries(hidden_rows, start, len(scores))
        if not is_finite:
            _refuse_not_finite(scores, hidden_entries, system)
        scores[hidden_entries] = -torch.inf
        tops.append(best_columns(scores, depth).numpy())
    return np.concatenate(tops)


def _refuse_not_finite(
    scores: torch.Tensor, hidden_entries: tuple[torch.Tensor, torch.Tensor], system: str
) -> None:
    """Check that all scores [B, I] except the hidden ones are finite numbers.

    Raises:
        RunFailed: One is NaN or infinite. The message names the system and says what to look at.
    """
    wrong = ~torch.isfinite(scores)
    wrong[hidden_entries] = False
    if not wrong.any():  # the scores are finite, and only their sum is not
        return
    values = scores[wrong]
    counts = {"NaN": int(values.isnan().sum()), "infinite": int(values.isinf().sum())}
    summary = " and ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    raise RunFailed(
        f"{system} gives scores that are no finite numbers ({summary} of {scores.numel():,}), so its items "
        "have no order; look at the losses of its last epochs and at its learning rate, or, if the system "
        "is your own, at how it scores users and items with few train pairs"
    )


def best_columns(scores: torch.Tensor, depth: int) -> torch.Tensor:
    """Return the columns of the ``depth`` largest scores of each row [B, I], best first, [B, depth].

    The columns are parted into groups of GROUP. The largest scores lie in the ``depth`` groups with the
    largest maxima, so one pass over all scores and two selections from short rows suffice. That takes half
    the time of selecting from the whole row.
    """
    groups = scores.shape[1] // GROUP
    if groups <= depth:
        return scores.topk(depth).indices
    grouped = scores[:, : groups * GROUP].reshape(-1, GROUP, groups)  # column c is in group c % groups
    chosen_groups = _largest(grouped.amax(1), depth)
    columns = (chosen_groups.unsqueeze(2) + groups * torch.arange(GROUP)).flatten(1)
    ungrouped = torch.arange(groups * GROUP, scores.shape[1]).expand(len(scores), -1)
    columns = torch.cat([columns, ungrouped], dim=1)
    values = scores.gather(1, columns)
    largest = _largest(values, depth)
    order = values.gather(1, largest).argsort(dim=1, descending=True)
    return columns.gather(1, largest.gather(1, order))


def _largest(values: torch.Tensor, depth: int) -> torch.Tensor:
    """Return the columns of the ``depth`` largest values of each row, in any order.

    numpy's selection takes half the time of torch's.
    """
    columns = np.argpartition(values.numpy(), values.shape[1] - depth, axis=1)[:, -depth:]
    return torch.from_numpy(np.ascontiguousarray(columns))


def _has_entries(matrix: sp.csr_matrix, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return whether the matrix has an entry at (rows[n], columns[n, k]), bool [n, k]."""
    width = matrix.shape[1]
    row, column = matrix.nonzero()
    entries = np.sort(row * width + column)
    wanted = rows[:, None].astype(np.int64) * width + columns
    nearest = np.minimum(np.searchsorted(entries, wanted), len(entries) - 1)
    is_entry: np.ndarray = entries[nearest] == wanted
    return is_entry


def _entries(matrix: sp.csr_matrix, start: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows (counted from ``start``) and columns of the entries in ``count`` rows from ``start`` on."""
    bounds = matrix.indptr[start : start + count + 1]
    row = np.repeat(np.arange(count), np.diff(bounds))
    return torch.from_numpy(row), torch.from_numpy(matrix.indices[bounds[0] : bounds[-1]].astype(np.int64))
