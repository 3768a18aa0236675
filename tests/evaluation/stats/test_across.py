"""One estimate from several datasets: by hand, and as statsmodels has it."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from harness.evaluation.stats.across import across, between_datasets
from harness.evaluation.stats.estimate import Estimate


def estimates(values: list[float], errors: list[float]) -> list[Estimate]:
    pairs = zip(values, errors, strict=True)
    return [Estimate(value, error**2 / 2, error**2 / 2, 100.0) for value, error in pairs]


def test_two_datasets_by_hand() -> None:
    """Equal errors: the mean, the sample variance over 2, and 1 degree of freedom."""
    whole = across(estimates([0.1, 0.3], [0.01, 0.01]))
    assert whole.value == pytest.approx(0.2)
    assert whole.error**2 == pytest.approx(0.02 / 2)
    assert whole.freedom == 1.0
    assert between_datasets(np.array([0.1, 0.3]), np.array([1e-4, 1e-4])) == pytest.approx(0.02 - 1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_it_is_statsmodels(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 9))
    errors = random.uniform(0.005, 0.05, count)
    values = random.normal(0.02, 0.05, count)
    ours, between = across(estimates(values.tolist(), errors.tolist())), between_datasets(values, errors**2)
    if between > 0:
        weights = 1.0 / (errors**2 + between)
        mean = weights @ values / weights.sum()
        assert weights @ (values - mean) ** 2 == pytest.approx(count - 1)
    theirs = combine_effects(values, errors**2, method_re="iterated", use_t=True, atol=1e-12, maxiter=1000)
    if theirs.tau2 <= 0 < between:
        pytest.skip("statsmodels' search steps over the variance between datasets and ends at 0")
    assert between == pytest.approx(theirs.tau2, abs=1e-7)
    assert ours.value == pytest.approx(theirs.mean_effect_re, abs=1e-6)
    if between > 0:  # elsewhere the variance of Hartung and Knapp may be smaller than ours
        assert ours.error == pytest.approx(theirs.sd_eff_w_re_hksj, rel=1e-4)


def test_datasets_that_agree_have_the_error_of_a_fixed_effect() -> None:
    whole = across(estimates([0.1, 0.1, 0.1], [0.02, 0.02, 0.02]))
    assert whole.error**2 == pytest.approx(0.02**2 / 3)
    assert whole.freedom == 2.0


def test_the_interval_covers_the_mean_effect() -> None:
    """Of 2,000 made-up studies of four datasets about 95 % cover the true mean, and at least 93 %."""
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        errors = random.uniform(0.01, 0.03, 4)
        values = 0.05 + random.normal(0, 0.04, 4) + random.normal(0, errors)
        low, high = across(estimates(values.tolist(), errors.tolist())).interval()
        covered += low <= 0.05 <= high
    assert 0.93 < covered / 2000 < 0.985


@pytest.mark.parametrize("errors", [[0.01], [0.01, 0.0], [0.01, float("nan")]])
def test_one_dataset_or_one_without_an_error_is_not_enough(errors: list[float]) -> None:
    whole = across(estimates([0.1] * len(errors), errors))
    assert np.isnan([whole.value, whole.error, whole.p, *whole.interval()]).all()
