"""One paired difference, against scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel
from scipy.stats import wilcoxon as scipys_wilcoxon
from statsmodels.stats.power import TTestPower

from harness.evaluation.stats.paired import effect_size, power, smallest_effect, t_test, wilcoxon


def test_t_test_is_scipys() -> None:
    one, two = np.random.default_rng(0).random((2, 30))
    assert t_test(one - two) == pytest.approx(ttest_rel(one, two).pvalue)


def test_effect_size_by_hand() -> None:
    assert effect_size(np.array([1.0, 2.0, 3.0])) == 2.0
    assert np.isnan(effect_size(np.ones(3)))


def test_wilcoxon_is_scipys_and_one_without_any_difference() -> None:
    difference = np.random.default_rng(1).normal(0.1, 1.0, 200)
    assert wilcoxon(difference) == pytest.approx(scipys_wilcoxon(difference, method="asymptotic").pvalue)
    assert wilcoxon(np.zeros(5)) == 1.0


@pytest.mark.parametrize("users", [100, 1000, 11000])
@pytest.mark.parametrize("times", [0.5, 1.0, 1.3])
def test_power_is_statsmodels(users: int, times: float) -> None:
    effect = times * smallest_effect(users)
    theirs = TTestPower().power(effect_size=effect, nobs=users, alpha=0.05)
    assert power(effect, users) == pytest.approx(theirs, abs=0.01)


@pytest.mark.parametrize("tests", [1, 28, 780])
@pytest.mark.parametrize("users", [2, 5, 912, 100_000])
def test_the_smallest_effect_is_seen_in_four_of_five(users: int, tests: int) -> None:
    assert power(smallest_effect(users, tests), users, tests) == pytest.approx(0.8)


def test_one_user_shows_nothing() -> None:
    assert np.isnan(smallest_effect(1))
