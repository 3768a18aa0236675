"""False alarms of the tests over users."""

from __future__ import annotations

import numpy as np
import pytest

from harness.evaluation.stats.simulation import NULLS, false_alarms


@pytest.fixture(scope="module")
def difference() -> np.ndarray:
    """Like two seeds of one system: mostly zero, the rest steps of recall."""
    return np.random.default_rng(0).choice([0.0, 0.0, 0.0, 0.5, -0.5, 0.2, -0.1, 0.1], size=300)


def test_the_randomisation_test_raises_five_false_alarms_in_a_hundred(difference: np.ndarray) -> None:
    found = false_alarms(difference, comparisons=400).set_index(["null", "test"])
    for kind in NULLS:
        row = found.loc[(kind, "randomisation")]
        assert row["low"] < 0.05 < row["high"]


def test_the_same_seed_gives_the_same_rows(difference: np.ndarray) -> None:
    assert false_alarms(difference, 30, seed=3).equals(false_alarms(difference, 30, seed=3))


@pytest.mark.parametrize("values", [[0.5, *[0.0] * 9], [0.5] * 5, [0.5, 0.25]])
def test_simulated_comparisons_without_any_difference_are_no_alarm_and_no_warning(
    values: list[float],
) -> None:
    found = false_alarms(np.array(values), comparisons=60)
    assert found["alarms"].between(0, 1).all()
