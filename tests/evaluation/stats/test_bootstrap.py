"""Intervals against scipy and against known spreads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from harness.evaluation.stats.bootstrap import intervals, means_over_seeds, resampled_means


def interval(values: np.ndarray) -> tuple[float, float]:
    """Of the mean over users, values [U]."""
    low, high = intervals(resampled_means(values[:, None])[:, 0])
    return float(low), float(high)


def test_interval_covers_the_mean() -> None:
    values = np.random.default_rng(0).normal(1.0, 1.0, 400)
    low, high = interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)


def test_interval_is_scipys() -> None:
    values = np.random.default_rng(1).exponential(size=200)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(7)
    ).confidence_interval
    assert interval(values) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_a_constant_has_no_interval() -> None:
    assert interval(np.full(30, 0.25)) == (0.25, 0.25)


def test_columns_share_the_drawn_users() -> None:
    values = np.random.default_rng(2).random((60, 2))
    means = resampled_means(np.column_stack([values, values[:, 0] - values[:, 1]]))
    assert means[:, 0] - means[:, 1] == pytest.approx(means[:, 2])
    assert intervals(means).shape == (2, 3)


def test_seeds_without_spread_add_nothing() -> None:
    one = np.random.default_rng(3).random(100)
    means = resampled_means(np.stack([one, one, one], axis=1))
    assert intervals(means_over_seeds(means)) == pytest.approx(intervals(means)[:, 0])


def test_spread_over_seeds_widens_the_interval_as_theory_has_it() -> None:
    """Variance of the mean of S seeds and U users: users' part / U + seeds' part / S."""
    random = np.random.default_rng(4)
    users, seeds = 400, 8
    shift = random.normal(0.0, 0.1, seeds)
    values = random.normal(0.0, 1.0, users)[:, None] + shift
    spread = means_over_seeds(resampled_means(values)).std()
    expected = np.sqrt(values[:, 0].var() / users + shift.var() / seeds)
    assert spread == pytest.approx(expected, rel=0.06)
