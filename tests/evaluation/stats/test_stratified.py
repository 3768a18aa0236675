"""Gains by stratum on a world that knows its answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import t, ttest_ind

from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.smallest import SmallestEffect
from harness.evaluation.stats.stratified import by_stratum, compare_in_each, in_strata, trends
from harness.evaluation.stats.these_runs import with_tests_in_each, with_tests_of_these_runs
from harness.evaluation.strata import user_strata


@pytest.fixture(scope="module")
def world() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Sparse users gain .1 from ``helps``, dense ones nothing; ``same`` helps nobody."""
    random = np.random.default_rng(0)
    degree = pd.Series(random.integers(1, 65, 900), index=[f"u{number}" for number in range(900)])
    base = random.random(900)
    gain = np.where(degree <= 16, 0.1, 0.0)
    table = pd.DataFrame(
        {
            "helps": base + gain + random.normal(0, 0.1, 900),
            "plain": base,
            "same": base + random.normal(0, 0.1, 900),
        },
        index=degree.index,
    )
    return table, degree, user_strata(degree, edges=[16, 32, 48])


REFERENCES = {"helps": "plain", "same": "plain"}


def sample_of(table: pd.DataFrame) -> Sample:
    """A sample in which every system ran once and no seed changes it."""
    scores = {name: table[[name]].to_numpy() for name in table}
    return Sample(table.index, scores, frozenset(scores))


def test_the_gain_is_where_it_was_put(world: tuple[pd.DataFrame, pd.Series, pd.Series]) -> None:
    table, _, strata = world
    found = by_stratum(sample_of(table), strata, REFERENCES, SmallestEffect(0.0001)).set_index(
        ["system", "stratum"]
    )
    assert found.loc["helps", "verdict"].tolist() == ["better", "undecided", "undecided", "undecided"]
    assert (found.loc["same", "verdict"] == "undecided").all()
    assert found.loc[("helps", "1-16"), "difference"] == pytest.approx(0.1, abs=0.03)
    assert found.loc["plain", "baseline"].isna().all()
    assert found.loc["plain", "users"].sum() == 900


def test_means_of_strata_make_the_mean(world: tuple[pd.DataFrame, pd.Series, pd.Series]) -> None:
    table, _, strata = world
    found = by_stratum(sample_of(table), strata, REFERENCES, SmallestEffect(0.0001))
    weighted = (found["mean"] * found["users"]).groupby(found["system"]).sum() / 900
    assert weighted.to_numpy() == pytest.approx(table.mean()[weighted.index].to_numpy())


def test_trend_and_interaction_are_those_of_the_libraries(
    world: tuple[pd.DataFrame, pd.Series, pd.Series],
) -> None:
    table, degree, strata = world
    found = trends(sample_of(table), degree, strata, REFERENCES).set_index("system").loc["helps"]
    gain = table["helps"] - table["plain"]
    fitted = sm.OLS(gain, sm.add_constant(np.log2(1 + degree).to_numpy())).fit(cov_type="HC3")
    assert found["slope"] == pytest.approx(fitted.params.iloc[1])
    assert found["p_slope"] == pytest.approx(2 * t.sf(abs(fitted.tvalues.iloc[1]), 898), rel=1e-6)
    error = fitted.bse.iloc[1] * t.isf(0.025, 898)
    assert found["slope_high"] - found["slope"] == pytest.approx(error)
    sparsest, densest = gain[strata == "1-16"], gain[strata == strata.cat.categories[-1]]
    assert found["sparsest_less_densest"] == pytest.approx(sparsest.mean() - densest.mean())
    assert found["p_interaction"] == pytest.approx(ttest_ind(sparsest, densest, equal_var=False).pvalue)
    assert found["low"] < 0.1 < found["high"]
    assert max(found["p_slope_holm"], found["p_interaction_holm"]) < 0.001


def test_a_system_without_trend_has_none(world: tuple[pd.DataFrame, pd.Series, pd.Series]) -> None:
    table, degree, strata = world
    found = trends(sample_of(table), degree, strata, REFERENCES).set_index("system").loc["same"]
    assert min(found["p_slope_holm"], found["p_interaction_holm"]) > 0.05


def test_equal_systems_and_one_stratum_give_no_test(world: tuple[pd.DataFrame, pd.Series, pd.Series]) -> None:
    table, degree, _ = world
    twin = table.assign(same=table["plain"])
    found = trends(sample_of(twin), degree, user_strata(degree, edges=[100]), {"same": "plain"})
    assert found[["p_slope", "p_interaction", "p_slope_holm"]].isna().all(axis=None)


def test_one_stratum_has_no_sparsest_and_densest(
    world: tuple[pd.DataFrame, pd.Series, pd.Series],
) -> None:
    table, degree, _ = world
    found = trends(sample_of(table), degree, user_strata(degree, edges=[1000]), {"helps": "plain"}).iloc[0]
    assert found[["sparsest_less_densest", "p_interaction", "p_interaction_holm"]].isna().all()
    assert found["p_slope_holm"] == found["p_slope"]


def test_seeds_widen_the_intervals_of_trends(world: tuple[pd.DataFrame, pd.Series, pd.Series]) -> None:
    """The slope of a system that differs between its runs is less certain than its mean over runs seems."""
    table, degree, strata = world
    tilt = (np.log2(1 + degree) - np.log2(1 + degree).mean()).to_numpy()[:, None] * np.array(
        [-0.03, 0.0, 0.03]
    )
    runs = {"helps": table[["helps"]].to_numpy() + tilt, "plain": table[["plain"]].to_numpy()}
    moved = trends(Sample(table.index, runs, frozenset({"plain"})), degree, strata, {"helps": "plain"}).iloc[
        0
    ]
    fixed = trends(sample_of(table), degree, strata, {"helps": "plain"}).iloc[0]
    assert moved["slope"] == pytest.approx(fixed["slope"])
    assert moved["slope_high"] - moved["slope_low"] > 3 * (fixed["slope_high"] - fixed["slope_low"])
    assert moved["p_interaction"] > fixed["p_interaction"]


def test_each_stratum_has_the_tests_of_its_own_users(
    world: tuple[pd.DataFrame, pd.Series, pd.Series],
) -> None:
    table, _, strata = world
    samples = in_strata(sample_of(table), strata)
    smallest = SmallestEffect(0.0001)
    found = with_tests_in_each(compare_in_each(samples, REFERENCES, smallest), samples)
    assert found.set_index(["system", "stratum"]).loc[("helps", "1-16"), "p_randomisation"] < 0.001
    for label, rows in found.groupby("stratum", sort=False):
        alone = compare_in_each({str(label): samples[str(label)]}, REFERENCES, smallest)
        alone = with_tests_of_these_runs(alone, samples[str(label)], "system", "baseline")
        assert rows["p_randomisation"].dropna().tolist() == alone["p_randomisation"].dropna().tolist()
        assert rows["p_randomisation"].notna().sum() == 2
