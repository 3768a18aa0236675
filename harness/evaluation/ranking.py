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
from harness.evaluation.selection import best_columns
from harness.evaluation.ties import Exposure, TieGroups, relevance, tie_groups

Scorer = Callable[[np.ndarray], torch.Tensor]
"""Takes positions of users [B] and returns their scores of all items [B, I], both in the dataset's order."""

BLOCK_NUMEL = 1 << 20
"""Scores computed at a time; 4 MiB of them fit in a processor's cache."""

PART_NUMEL = 1 << 21
"""Items of all lists that are in memory at a time; they take about 150 bytes each while they are judged."""


@dataclass(frozen=True)
class Evaluation:
    """What one scorer reaches.

    Attributes:
        users: One row for each user with a relevant item; columns ``user`` (position in the dataset) and
            METRIC@K.
        overall: Coverage, Gini index and mean popularity of the lists, and for each cut-off k ``tied@k``, the
            share of users who give equal scores to items on both sides of the cut.
    """

    users: pd.DataFrame
    overall: dict[str, float]


@dataclass(frozen=True)
class Ranking:
    """The lists of the ranked users.

    Attributes:
        top: Items of the list, best first, [U, K]. Hidden items follow after all others, in any order.
        is_candidate: Which of them are not hidden, bool [U, K].
        groups: The tie groups of the listed items.
        in_last: Which relevant pairs belong to the tie group that crosses the end of the user's list, bool
            [E], in the order of the relevant matrix.
    """

    top: np.ndarray
    is_candidate: np.ndarray
    groups: TieGroups
    in_last: np.ndarray


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
    depths = {k: min(k, relevant.shape[1]) for k in cutoffs}
    exposure = Exposure(cutoffs, relevant.shape[1])
    crossing = dict.fromkeys(cutoffs, 0)
    columns: dict[str, list[np.ndarray]] = {}
    size = _users_at_a_time(max(depths.values()), relevant.shape[1])
    for start in range(0, len(users), size):
        part = users[start : start + size]
        own = relevant[part]
        ranking = rank(scorer, part, own, hidden[part], cutoffs, system, exposure)
        for name, values in _measured(ranking, own, metrics, depths, item_strata or {}).items():
            columns.setdefault(name, []).append(values)
        for k, depth in depths.items():
            crossing[k] += int(ranking.groups.crosses(depth).sum())
    degree = np.asarray(train.sum(0), dtype=np.float64).ravel()
    overall: dict[str, float] = {}
    for k in cutoffs:
        overall |= beyond_accuracy(exposure, degree, k)
        overall[f"tied@{k}"] = crossing[k] / len(users)
    measured = {name: np.concatenate(parts) for name, parts in columns.items()}
    return Evaluation(pd.DataFrame({"user": users, **measured}), overall)


def _users_at_a_time(depth: int, items: int) -> int:
    """The number of users whose lists of ``depth`` items are judged at once: whole blocks of scores."""
    block = max(1, BLOCK_NUMEL // items)
    return max(1, PART_NUMEL // (depth * block)) * block


def _measured(
    ranking: Ranking,
    relevant: sp.csr_matrix,
    metrics: tuple[str, ...],
    depths: Mapping[int, int],
    item_strata: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """The columns METRIC@K and recall@K|STRATUM of some users, [n] each.

    Args:
        ranking: The users' lists.
        relevant: The users' relevant items, [n, I].
        metrics: Names from ``METRICS``.
        depths: The number of items in a list that are measured, by cut-off.
        item_strata: See :func:`evaluate`.
    """
    hits = _has_entries(relevant, ranking.top) & ranking.is_candidate
    relevant_count = np.diff(relevant.indptr)
    expected = relevance(hits, ranking.groups, _count(relevant, ranking.in_last))
    columns: dict[str, np.ndarray] = {}
    for name in metrics:
        values = METRICS[name](expected, relevant_count)
        columns |= {f"{name}@{k}": values[:, depth - 1].copy() for k, depth in depths.items()}
    for stratum, belongs in item_strata.items():
        values = _recall_of_stratum(belongs, relevant, ranking, hits)
        columns |= {f"recall@{k}|{stratum}": values[:, depth - 1].copy() for k, depth in depths.items()}
    return columns


def _recall_of_stratum(
    belongs: np.ndarray, relevant: sp.csr_matrix, ranking: Ranking, hits: np.ndarray
) -> np.ndarray:
    """Return the recall of one stratum's items at every cut-off, [U, K]; NaN if none of them is relevant.

    Args:
        belongs: Which items belong to the stratum, bool [I].
        relevant: The relevant items of the ranked users, [U, I].
        ranking: The users' lists.
        hits: Which of the listed items are relevant, bool [U, K].
    """
    is_counted = belongs[relevant.indices]
    in_last = _count(relevant, ranking.in_last & is_counted)
    expected = relevance(hits & belongs[ranking.top], ranking.groups, in_last)
    count = _count(relevant, is_counted)
    return recall(expected, np.where(count > 0, count, np.nan))


def rank(
    scorer: Scorer,
    users: np.ndarray,
    relevant: sp.csr_matrix,
    hidden: sp.csr_matrix,
    cutoffs: tuple[int, ...],
    system: str,
    exposure: Exposure,
) -> Ranking:
    """Rank all items for the users [U], whose relevant and hidden items are the rows of matrices [U, I].

    The lists have as many items as the largest cut-off, or all items. They are added to ``exposure``.

    Raises:
        RunFailed: A score is NaN or infinite.
    """
    items = hidden.shape[1]
    depth = min(max(cutoffs), items)
    tops, listed, sizes, tied_pairs = [], [], [], []
    block = max(1, BLOCK_NUMEL // items)
    for start in range(0, len(users), block):
        scores = masked_scores(scorer, users[start : start + block], entries_of(hidden, start, block), system)
        best = best_columns(scores, min(depth + 1, items))  # one more, to see a tie across the list's end
        values = scores.gather(1, best).numpy()
        row, item, last = _last_groups(scores.numpy(), values, depth)
        size = np.bincount(row, minlength=len(scores))
        if len(row):
            before = (values > last[:, None]).sum(1)
            exposure.add(item, before[row], size[row])
        pair_row, pair_item = entries_of(relevant, start, block)
        tied_pairs.append(scores.numpy()[pair_row, pair_item] == last[pair_row])
        tops.append(best[:, :depth].numpy())
        listed.append(values[:, :depth])
        sizes.append(size)
    top, values, size = np.concatenate(tops), np.concatenate(listed), np.concatenate(sizes)
    groups, is_candidate = tie_groups(values, size), ~np.isneginf(values)
    is_whole = is_candidate & (groups.start + groups.size <= depth)
    exposure.add(top[is_whole], groups.start[is_whole], groups.size[is_whole])
    return Ranking(top, is_candidate, groups, np.concatenate(tied_pairs))


def masked_scores(
    scorer: Scorer, users: np.ndarray, hidden: tuple[np.ndarray, np.ndarray], system: str
) -> torch.Tensor:
    """Return the users' scores of all items, [B, I]; those of hidden items are -inf.

    Raises:
        RunFailed: A score of another item is NaN or infinite.
    """
    scores = scorer(users).cpu()
    is_finite = bool(torch.isfinite(scores.sum()))  # one fast pass; only if it fails, each score is checked
    if not is_finite:
        _refuse_not_finite(scores, hidden, system)
    scores.numpy()[hidden] = -np.inf  # the same memory; a third of the time of torch's indexing
    return scores


def _last_groups(
    scores: np.ndarray, values: np.ndarray, depth: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the items of the tie groups that cross the end of the users' lists.

    Args:
        scores: Scores of all items, [B, I]; -inf for hidden ones.
        values: The largest scores, best first: one more than a list has, or all of them.
        depth: Number of items in a list.

    Returns:
        Rows and columns of these items, [n] each, and the score of each user's group, [B], which is NaN if no
        group crosses the end.
    """
    last = np.full(len(values), np.nan, dtype=values.dtype)
    if values.shape[1] > depth:
        is_tied = (values[:, depth - 1] == values[:, depth]) & ~np.isneginf(values[:, depth])
        last[is_tied] = values[is_tied, depth]
    tied = np.flatnonzero(~np.isnan(last))
    if not len(tied):
        return tied, tied, last
    row, item = np.divmod(np.flatnonzero(scores[tied] == last[tied, None]), scores.shape[1])
    return tied[row], item, last


def _refuse_not_finite(scores: torch.Tensor, hidden: tuple[np.ndarray, np.ndarray], system: str) -> None:
    """Check that all scores [B, I] except the hidden ones are finite numbers.

    Raises:
        RunFailed: One is NaN or infinite. The message names the system and says what to look at.
    """
    wrong = ~torch.isfinite(scores)
    wrong.numpy()[hidden] = False
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


def _has_entries(matrix: sp.csr_matrix, columns: np.ndarray) -> np.ndarray:
    """Return whether row n of the matrix [N, I] has an entry in column ``columns[n, k]``, bool [N, K]."""
    width = matrix.shape[1]
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    entries = np.sort(row * width + matrix.indices)
    wanted = np.arange(len(columns), dtype=np.int64)[:, None] * width + columns
    nearest = np.minimum(np.searchsorted(entries, wanted), len(entries) - 1)
    is_entry: np.ndarray = entries[nearest] == wanted
    return is_entry


def _count(matrix: sp.csr_matrix, is_counted: np.ndarray) -> np.ndarray:
    """Count the entries of each row [U], of all entries [E] those that are to be counted, bool [E]."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return np.bincount(row[is_counted], minlength=matrix.shape[0])


def entries_of(matrix: sp.csr_matrix, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (counted from ``start``) and columns of the entries in ``count`` rows from ``start`` on."""
    bounds = matrix.indptr[start : start + count + 1]
    row = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    return row, matrix.indices[bounds[0] : bounds[-1]].astype(np.int64)
