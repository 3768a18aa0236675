"""Gains along a sweep of densities, against numbers worked by hand and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.swept import sweep_trends
from tests.evaluation.stats.test_stratified import sample_of

REFERENCES = {"helps": "plain"}


def tables(seed: int = 0) -> dict[float, pd.DataFrame]:
    """The gain falls by .1 with each doubling, give or take a user's own noise."""
    random = np.random.default_rng(seed)
    found = {}
    for share, gain in ((1.0, 0.1), (0.5, 0.2), (0.25, 0.3)):
        plain = random.random(200)
        helps = plain + gain + random.normal(0, 0.05, 200)
        found[share] = pd.DataFrame({"plain": plain, "helps": helps})
    return found


def samples(frames: dict[float, pd.DataFrame]) -> dict[float, Sample]:
    return {share: sample_of(table) for share, table in frames.items()}


def test_slope_and_interaction_are_means_over_users() -> None:
    made = tables()
    found = sweep_trends(samples(made), REFERENCES).set_index("system").loc["helps"]
    gain = {share: table["helps"] - table["plain"] for share, table in made.items()}
    slopes = (gain[1.0] - gain[0.25]) / 2  # least squares through three points at equal distances
    assert found["slope"] == pytest.approx(slopes.mean())
    assert found["slope_low"] < -0.1 < found["slope_high"]
    assert found["sparsest_less_densest"] == pytest.approx((gain[0.25] - gain[1.0]).mean())
    assert found["p_interaction"] == pytest.approx(ttest_rel(gain[0.25], gain[1.0]).pvalue)


def test_the_order_of_users_and_of_densities_changes_nothing() -> None:
    made = tables()
    shuffled = {share: made[share].sample(frac=1, random_state=3) for share in sorted(made)}
    pd.testing.assert_frame_equal(
        sweep_trends(samples(made), REFERENCES), sweep_trends(samples(shuffled), REFERENCES)
    )


def test_equal_systems_give_no_test() -> None:
    made = {share: table.assign(helps=table["plain"]) for share, table in tables().items()}
    found = sweep_trends(samples(made), REFERENCES)
    assert found[["p_slope", "p_interaction", "p_slope_holm"]].isna().all(axis=None)
