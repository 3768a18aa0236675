"""Marks in tables of equal systems; `intentbench calibrate` does the same at full size."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from harness.evaluation.stats.null_tables import Spreads, false_marks, found_differences, regrouped


def spreads(seed_deviation: float) -> Spreads:
    random = np.random.default_rng(0)
    return Spreads(
        random.normal(0.3, 0.2, 300),
        random.normal(0, 0.1, 300),
        random.normal(0, 0.05, (300, 20)),
        seed_deviation,
    )


@pytest.mark.parametrize("seed_deviation", [0.0, 0.012])
def test_few_tables_of_equal_systems_have_a_mark(seed_deviation: float) -> None:
    found = false_marks(partial(spreads(seed_deviation).draw, 6, 3), tables=60).set_index("mark")
    for mark in ("best baseline", "pairs", "reference", "strata", "densities"):
        assert found.loc[mark, "low"] < 0.05
    assert found.loc["coverage", "share"] == pytest.approx(0.95, abs=0.03)


def test_a_test_that_knows_no_seeds_marks_many() -> None:
    found = false_marks(partial(spreads(0.02).draw, 6, 3), tables=40).set_index("mark")
    assert found.loc["pairs, users alone", "share"] > 0.3


def test_the_detectable_difference_is_found_as_often_as_predicted() -> None:
    found = found_differences(partial(spreads(0.008).draw, 4, 3), (0.5, 1.0), tables=150)
    assert found["seen"].to_numpy() == pytest.approx(found["predicted"].to_numpy(), abs=0.1)


def test_spreads_are_those_of_the_runs() -> None:
    made = spreads(0.01).draw(10, 400, np.random.default_rng(1))
    found = Spreads.of(made)
    assert found.seed_deviation == pytest.approx(0.01, rel=0.2)
    assert found.reactions.std() == pytest.approx(0.05, rel=0.05)


def test_real_runs_are_dealt_out_once_each() -> None:
    runs = np.arange(12.0)[None, :] + np.zeros((5, 1))
    dealt = regrouped(runs, 4, 3, np.random.default_rng(0))
    assert sorted(np.concatenate([values[0] for values in dealt.scores.values()])) == list(range(12))
    assert isinstance(dealt.users, pd.RangeIndex)
