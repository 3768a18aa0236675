"""Lists hold the best items that are not hidden, and all that are tied with the last one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from harness.errors import RunFailed
from harness.evaluation import lists
from harness.evaluation.lists import best_lists

SCORES = torch.tensor([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 2.0, 4.0], [0.0, 0.0, 0.0, 0.0]])
HIDDEN = sp.csr_matrix(np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1]], dtype=np.float32))


def listed(depth: int) -> list[tuple[int, int, float]]:
    made = best_lists(lambda users: SCORES[users].clone(), np.arange(3), HIDDEN, depth, "Mine")
    return list(zip(made.user.tolist(), made.item.tolist(), made.score.tolist(), strict=True))


def test_ties_at_the_end_are_listed_and_hidden_items_are_not() -> None:
    assert listed(1) == [(0, 1, 3.0), (1, 3, 4.0), (2, 0, 0.0), (2, 1, 0.0)]
    assert listed(2) == [
        (0, 1, 3.0),
        (0, 2, 2.0),
        (1, 3, 4.0),
        (1, 1, 2.0),
        (1, 2, 2.0),
        (2, 0, 0.0),
        (2, 1, 0.0),
    ]


def test_a_user_with_few_candidates_gets_all_of_them() -> None:
    assert [user for user, *_ in listed(9)] == [0, 0, 0, 1, 1, 1, 1, 2, 2]


def test_lists_of_too_many_equal_scores_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_ITEMS", 6)
    with pytest.raises(
        RunFailed, match=r"Mine gives so many items equal scores .* more than 6 items together"
    ):
        listed(2)
