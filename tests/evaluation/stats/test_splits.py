"""Several splits: what is common to all systems decides nothing, and splits that share train pairs are not free."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness.evaluation.stats.sample import Sample

USERS = 400


def drawn(random: np.random.Generator, splits: int, between: float = 0.0, tested: float = 1.0) -> Sample:
    """Three equally good systems on several splits, which are easy or hard for all of them alike."""
    user, easy = random.normal(0.3, 0.2, (USERS, 1)), random.normal(0, 0.1, splits)
    luck = random.normal(0, 0.1, (USERS, splits))
    is_tested = random.random((USERS, splits)) < tested
    is_tested[:, 0] = True
    scores = {}
    for name in ("A", "B", "C"):
        own = random.normal(0, between, splits) + random.normal(0, 0.05, (USERS, splits))
        scores[name] = np.where(is_tested, user + easy + luck + own, np.nan)
    return Sample(pd.RangeIndex(USERS), scores, frozenset({"A"}), overlap=0.0)


@pytest.mark.parametrize("between", [0.0, 0.01])
@pytest.mark.parametrize("tested", [1.0, 0.7])
def test_the_error_is_that_of_new_splits_and_users(between: float, tested: float) -> None:
    random = np.random.default_rng(3)
    estimates = [drawn(random, 5, between, tested).difference("A", "B") for _ in range(300)]
    error = np.sqrt(np.mean([estimate.error**2 for estimate in estimates]))
    assert error == pytest.approx(np.std([estimate.value for estimate in estimates]), rel=0.15)
    alarms = np.mean([estimate.p < 0.05 for estimate in estimates])
    assert 0.015 < alarms < 0.09


def test_no_system_escapes_the_choice_of_splits() -> None:
    """A is deterministic, and its lead over B still depends on the split."""
    made = drawn(np.random.default_rng(0), 4, between=0.05)
    assert made.difference("A", "B").from_seeds > 0


def test_splits_that_share_train_pairs_count_for_less() -> None:
    free = drawn(np.random.default_rng(0), 4, between=0.05)
    sharing = Sample(free.users, free.scores, overlap=1 / 3)
    assert sharing.difference("A", "B").error > 1.2 * free.difference("A", "B").error


def test_every_split_has_the_same_weight() -> None:
    """Split 2 tests one user in two; the total is still the mean of both splits' means."""
    scores = np.array([[0.2, 0.6], [0.4, np.nan], [0.6, 1.0], [0.8, np.nan]])
    made = Sample(pd.RangeIndex(4), {"A": scores}, overlap=0.3)
    assert made.totals["A"] == pytest.approx((0.5 + 0.8) / 2)
    assert made.mean("A").value == pytest.approx(0.65)
