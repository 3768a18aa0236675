"""Strata partition the users, whatever their degrees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evaluation.strata import ITEM_STRATA, Grouping, item_strata, user_strata

DEGREES = st.lists(st.integers(0, 300), min_size=1, max_size=80)


def degrees(values: list[int]) -> pd.Series:
    return pd.Series(values, index=[f"u{number}" for number in range(len(values))])


def check_partition(found: pd.Series, degree: pd.Series) -> None:
    """Every user once, no empty stratum, labels that hold their degrees, ordered from sparse to dense."""
    assert found.index.equals(degree.index)
    assert not found.isna().any()
    assert set(found) == set(found.cat.categories)
    for label, mine in degree.groupby(found, observed=True):
        low, _, high = str(label).partition("-")
        assert int(low) <= mine.min() <= mine.max() <= int(high or low)
    ends = degree.groupby(found, observed=True).agg(["min", "max"]).to_numpy()
    assert (ends[:-1, 1] < ends[1:, 0]).all()


@given(DEGREES, st.sampled_from(["equal_users", "equal_interactions"]), st.integers(2, 8))
def test_groups_partition_the_users(values: list[int], by: Grouping, groups: int) -> None:
    degree = degrees(values)
    found = user_strata(degree, by, groups)
    check_partition(found, degree)
    assert found.nunique() <= groups


@given(DEGREES, st.sets(st.integers(0, 300), min_size=1, max_size=5))
def test_edges_partition_the_users(values: list[int], edges: set[int]) -> None:
    degree = degrees(values)
    found = user_strata(degree, edges=sorted(edges))
    check_partition(found, degree)
    for edge in edges:
        assert not set(found[degree <= edge]) & set(found[degree > edge])


def test_equal_users_are_equal() -> None:
    found = user_strata(degrees(list(range(1, 101))), "equal_users", 4)
    assert found.value_counts(sort=False).to_dict() == {"1-25": 25, "26-50": 25, "51-75": 25, "76-100": 25}


def test_equal_interactions_hold_about_the_same_number() -> None:
    degree = degrees(np.random.default_rng(0).geometric(0.05, 4000).tolist())
    shares = degree.groupby(user_strata(degree, "equal_interactions", 5), observed=True).sum() / degree.sum()
    assert len(shares) == 5
    assert shares.to_numpy() == pytest.approx(0.2, abs=0.03)


def test_labels_say_what_readers_expect() -> None:
    found = user_strata(degrees([1, 3, 5, 6, 9, 12, 40]), edges=[5, 11])
    assert found.cat.categories.tolist() == ["1-5", "6-9", "10-40"]
    assert user_strata(degrees([4, 4]), groups=3).tolist() == ["4", "4"]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=60))
def test_item_strata_go_from_tail_to_head(values: list[int]) -> None:
    degree = np.array(values)
    found = item_strata(degree)
    assert set(found) <= set(range(len(ITEM_STRATA)))
    assert (np.diff(found[np.argsort(degree)]) >= 0).all()


def test_a_third_of_the_interactions_is_the_head() -> None:
    degree = np.random.default_rng(1).lognormal(3.0, 1.2, 3000).astype(int)
    shares = np.bincount(item_strata(degree), weights=degree) / degree.sum()
    assert shares == pytest.approx(1 / 3, abs=0.03)
