"""Every user's best items with their scores: a list from which all metrics follow to the last digit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from harness.errors import RunFailed
from harness.evaluation.ranking import BLOCK_NUMEL, Scorer, entries_of, masked_scores
from harness.evaluation.selection import best_columns

MOST_ITEMS = 50_000_000
"""Items of all lists together, which then take 1 GB. Only lists with very many equal scores reach it."""


class Lists(NamedTuple):
    """The best items of some users, all users in one table: by user, then by score, then by item.

    Attributes:
        user, item: Positions in the dataset, [n] each.
        score: The larger, the better, [n].
    """

    user: np.ndarray
    item: np.ndarray
    score: np.ndarray


def best_lists(scorer: Scorer, users: np.ndarray, hidden: sp.csr_matrix, depth: int, system: str) -> Lists:
    """The ``depth`` best items of each user, and every item whose score equals that of the last of them.

    The users are scored in the same blocks as in :func:`harness.evaluation.ranking.evaluate` if they are the
    same users, so that the scores are the same to the last bit.

    Args:
        scorer: Scores of all items for a block of users.
        users: Positions of the users, [n].
        hidden: Pairs that no list may hold, [U, I].
        depth: Number of items in a list. A user with fewer items that are not hidden gets all of them.
        system: Name of the system, for the error message.

    Raises:
        RunFailed: A score is NaN or infinite, or too many items have equal scores.
    """
    items, own = hidden.shape[1], hidden[users]
    block = max(1, BLOCK_NUMEL // items)
    parts, listed = [], 0
    for start in range(0, len(users), block):
        scores = masked_scores(scorer, users[start : start + block], entries_of(own, start, block), system)
        best = best_columns(scores, min(depth, items))
        last = scores.gather(1, best[:, -1:]).numpy()
        values = scores.numpy()
        row, item = np.nonzero((values >= last) & ~np.isneginf(values))
        listed += len(row)
        if listed > MOST_ITEMS:
            raise RunFailed(
                f"{system} gives so many items equal scores that its lists would hold more than "
                f"{MOST_ITEMS:,} items together; expected a plan without `lists` under `evaluation`"
            )
        score = values[row, item]
        order = np.lexsort((item, -score, row))
        parts.append(Lists(users[start + row[order]], item[order], score[order]))
    return Lists(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
