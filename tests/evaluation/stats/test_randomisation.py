"""The randomisation test against all flips, scipy, and its own null hypothesis."""

from __future__ import annotations

import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from harness.evaluation.stats.randomisation import flipped_sums, p_values, randomisation_test


def test_it_equals_all_sign_flips() -> None:
    difference = np.array([0.3, -0.1, 0.4, 0.2, 0.5, 0.1, 0.0])
    flips = [np.dot(signs, np.abs(difference[:6])) for signs in itertools.product((1, -1), repeat=6)]
    extreme = np.mean(np.abs(flips) >= abs(difference.sum()) - 1e-12)
    assert randomisation_test(difference) == pytest.approx(extreme)


def test_without_any_difference_it_is_one() -> None:
    assert randomisation_test(np.zeros(10)) == 1.0


@pytest.mark.parametrize("users", [8, 300])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.2])
def test_it_is_scipys(users: int, shift: float) -> None:
    difference = np.random.default_rng(users).normal(shift, 1.0, users)
    theirs = permutation_test(
        (difference,),
        lambda values, axis: values.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9999,
        rng=np.random.default_rng(1),
    ).pvalue
    assert randomisation_test(difference) == pytest.approx(theirs, abs=0.0 if users == 8 else 0.02)


def test_it_is_uniform_where_nothing_differs() -> None:
    random = np.random.default_rng(0)
    drawn = random.choice([0.0, 0.0, 0.25, 1.0, -0.25, -1.0], size=(200, 400))
    values = p_values(flipped_sums(drawn), drawn)
    assert np.mean(values) == pytest.approx(0.5, abs=0.06)
    assert np.mean(values < 0.05) == pytest.approx(0.05, abs=0.035)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([-1.0, -0.5, -1 / 3, 0.0, 0.1, 0.5, 1.0]), min_size=1, max_size=60), st.randoms()
)
def test_the_order_of_users_does_not_matter(values: list[float], random: Random) -> None:
    shuffled = values.copy()
    random.shuffle(shuffled)
    assert randomisation_test(np.array(shuffled)) == randomisation_test(np.array(values))


def test_flipped_sums_of_a_difference_are_differences_of_flipped_sums() -> None:
    one, two = np.random.default_rng(2).random((2, 50))
    sums = flipped_sums(np.stack([one, two, one - two], axis=1))
    assert sums[:, 0] - sums[:, 1] == pytest.approx(sums[:, 2])
    assert sums[0] == pytest.approx([one.sum(), two.sum(), (one - two).sum()])


def test_a_tie_with_the_observed_sum_counts() -> None:
    assert randomisation_test(np.full(12, 0.1)) == pytest.approx(2 / 2**12)


def test_p_of_a_rare_sum_lies_between_that_of_many_more_flips_and_four_times_it() -> None:
    """Lopsided differences, most of them zero, as recall has; 3e-5 by 800,000 flips."""
    random = np.random.default_rng(4)
    difference = np.repeat([0.0, 0.25, 0.5, -0.25], [240, 60, 34, 62])
    moved = difference[difference != 0]
    signs = (1.0 - 2.0 * random.integers(2, size=(20_000, len(moved))) for _ in range(40))
    sums = np.concatenate([np.abs(each @ moved) for each in signs])
    expected = (sums >= abs(moved.sum()) - 1e-9).mean()
    assert 1e-5 < expected < 1e-4
    assert expected < randomisation_test(difference) < 4 * expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([-0.5, -1 / 3, 0.1, 0.5, 1.0]), min_size=1, max_size=13))
def test_the_bound_is_never_below_the_share_of_all_flips(values: list[float]) -> None:
    difference = np.array(values)
    signs = np.array(list(itertools.product((1, -1), repeat=len(values))))
    share = np.mean(np.abs(signs @ difference) >= abs(difference.sum()) - 1e-9)
    assert randomisation_test(difference) == pytest.approx(share)


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(ValueError, match="without a value"):
        randomisation_test(np.array([0.1, np.nan]))
