"""Estimates from users and runs, against worked numbers and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from harness.evaluation.stats.estimate import LEVEL, Estimate
from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.seeds import seed_variances


def sample(runs: int = 3, seed_deviation: float = 0.0, users: int = 300, seed: int = 0) -> Sample:
    """Two deterministic systems, and two whose runs differ."""
    random = np.random.default_rng(seed)
    base = random.random(users)
    scores = {name: (base + random.normal(0, 0.1, users))[:, None] for name in ("A", "B")}
    for name in ("C", "D"):
        moved = random.normal(0, seed_deviation, runs) + random.normal(0, 0.05, (users, runs))
        scores[name] = base[:, None] + moved
    return Sample(pd.RangeIndex(users), scores, frozenset({"A", "B"}))


def test_deterministic_systems_have_the_paired_t_test() -> None:
    made = sample()
    found = made.difference("A", "B")
    theirs = stats.ttest_rel(made.scores["A"][:, 0], made.scores["B"][:, 0])
    assert found.p == pytest.approx(theirs.pvalue)
    assert found.interval() == pytest.approx(tuple(theirs.confidence_interval()))
    assert found.seeds_share == 0.0


def test_seeds_alone_have_welchs_test() -> None:
    """Users react alike, so that only the means of the runs differ: A has 4 runs, B has 5."""
    random = np.random.default_rng(3)
    scores = {"A": np.ones((50, 1)) * random.random(4), "B": np.ones((50, 1)) * random.random(5)}
    found = Sample(pd.RangeIndex(50), scores).difference("A", "B")
    variances = [values[0].var(ddof=1) / values.shape[1] for values in scores.values()]
    assert found.from_users == pytest.approx(0, abs=1e-20)
    assert found.error**2 == pytest.approx(sum(variances), rel=0.5), "drawn towards their mean"
    assert found.freedom > 3


def test_one_run_says_nothing_of_other_seeds() -> None:
    made = sample(runs=1)
    assert np.isnan(made.difference("A", "C").p)
    assert np.isnan(made.difference("A", "C").interval()).all()
    assert not np.isnan(made.difference("A", "B").p)


def test_equal_runs_are_equal() -> None:
    made = sample()
    twins = Sample(made.users, {**made.scores, "E": made.scores["C"]}, made.deterministic)
    found = twins.difference("C", "E")
    assert (found.value, found.p, found.p_equal(1e-9)) == (0.0, 1.0, 0.0)


def test_what_users_react_to_is_counted_once() -> None:
    """Without seed effects, the runs' means differ by what single users do, which is in the users' variance."""
    errors, truths = [], []
    for seed in range(200):
        made = sample(seed=seed)
        found = made.difference("C", "D")
        errors.append(found.error**2)
        truths.append(found.value)
    assert np.mean(errors) == pytest.approx(np.var(truths), rel=0.35)


def test_runs_that_are_nearly_the_same_share_their_noise() -> None:
    """A term of almost no weight: each seed moves both systems alike, users by users, and hardly apart.

    Their noise is not in their difference, and must not be taken off it. The interval would have no end.
    """
    random = np.random.default_rng(5)
    one = random.random(300)[:, None] + random.normal(0, 0.2, (300, 5))
    found = Sample(
        pd.RangeIndex(300), {"A": one, "B": one + random.normal(0.001, 0.002, (300, 5))}
    ).difference("A", "B")
    low, high = found.interval()
    assert found.freedom > 3
    assert -0.1 < low < found.value < high < 0.1
    assert 1e-5 < found.from_seeds < (one.mean(axis=0).var(ddof=1) / 5) * 4


def test_few_runs_that_lie_close_together_by_chance_are_not_believed() -> None:
    runs = {
        "calm": np.array([0.3, 0.3001, 0.2999]),
        **{f"s{n}": 0.3 + 0.01 * np.array([-1, 0, n]) for n in (1, 2, 3)},
    }
    found = seed_variances(runs, dict.fromkeys(runs, 0.0))
    assert found["calm"].variance > runs["calm"].var(ddof=1) / 3
    assert found["calm"].freedom > 2
    assert not seed_variances({"once": np.array([0.3])}, {})


def test_systems_of_unlike_spread_lend_each_other_little() -> None:
    random = np.random.default_rng(0)
    alike = {f"s{n}": random.normal(0, 1, 5) for n in range(10)}
    unlike = {f"s{n}": random.normal(0, 10.0 ** (n % 5), 5) for n in range(10)}
    zero = dict.fromkeys(alike, 0.0)
    assert seed_variances(unlike, zero)["s0"].freedom < 6 < seed_variances(alike, zero)["s0"].freedom


@pytest.mark.parametrize("users", [100, 1000, 11000])
@pytest.mark.parametrize("times", [0.5, 1.0, 1.3])
def test_power_is_statsmodels(users: int, times: float) -> None:
    found = Estimate(0.0, 1.0 / users, 0.0, users - 1.0)
    effect = times * found.detectable()
    theirs = TTestPower().power(effect_size=effect, nobs=users, alpha=LEVEL)
    assert found.power(effect) == pytest.approx(theirs, abs=0.01)


@pytest.mark.parametrize("tests", [1, 28, 780])
@pytest.mark.parametrize("freedom", [2.0, 5.5, 912.0, np.inf])
def test_the_detectable_difference_is_found_in_four_of_five(freedom: float, tests: int) -> None:
    found = Estimate(0.0, 0.5, 0.5, freedom)
    assert found.power(found.detectable(tests), tests) == pytest.approx(0.8)


def test_equality_is_two_one_sided_tests() -> None:
    found = Estimate(0.01, 0.0001, 0.0, 100.0)
    low, high = found.interval(2 * LEVEL)
    assert found.p_equal(max(abs(low), abs(high))) == pytest.approx(LEVEL)
    assert found.p_equal(0.005) > 0.5, "the estimate itself lies beyond"


def test_systems_of_other_groups_lend_no_spread() -> None:
    random = np.random.default_rng(2)
    calm = {f"calm {number}": random.normal(0.3, 0.004, (200, 3)) for number in range(4)}
    wild = {f"wild {number}": 0.1 * random.random((200, 1)) + [[0.0, 0.2, 0.1]] for number in range(2)}
    alone = Sample(pd.RangeIndex(200), calm)
    together = Sample(pd.RangeIndex(200), calm | wild)
    grouped = Sample(pd.RangeIndex(200), calm | wild, kin=dict.fromkeys(wild, "wild"))
    width = {
        name: np.ptp(sample.mean("calm 0").interval())
        for name, sample in {"alone": alone, "together": together, "grouped": grouped}.items()
    }
    assert width["grouped"] == width["alone"]
    assert width["together"] > 2 * width["alone"]
