"""One paired difference, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel
from scipy.stats import wilcoxon as scipys_wilcoxon

from harness.evaluation.stats.paired import effect_size, t_test, wilcoxon


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
