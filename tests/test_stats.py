"""Tests and intervals against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from harness.stats.bootstrap import interval
from harness.stats.comparison import compare
from harness.stats.paired import effect_size, t_test
from harness.stats.randomisation import randomisation_test


def test_randomisation_equals_all_sign_flips() -> None:
    difference = np.array([0.3, -0.1, 0.4, 0.2, 0.5, 0.1, 0.0])
    flips = [np.dot(signs, np.abs(difference[:6])) for signs in itertools.product((1, -1), repeat=6)]
    extreme = np.mean(np.abs(flips) >= abs(difference.sum()) - 1e-12)
    assert randomisation_test(difference) == pytest.approx(extreme)


def test_randomisation_without_any_difference_is_one() -> None:
    assert randomisation_test(np.zeros(10)) == 1.0


def test_randomisation_is_uniform_where_nothing_differs() -> None:
    random = np.random.default_rng(0)
    values = [randomisation_test(random.normal(size=15)) for _ in range(60)]
    assert 0.3 < np.mean(values) < 0.7
    assert np.mean(np.array(values) < 0.05) < 0.2


def test_t_test_is_scipys() -> None:
    one, two = np.random.default_rng(0).random((2, 30))
    assert t_test(one - two) == pytest.approx(ttest_rel(one, two).pvalue)


def test_effect_size_by_hand() -> None:
    assert effect_size(np.array([1.0, 2.0, 3.0])) == 2.0
    assert effect_size(np.ones(3)) == 0.0


def test_interval_covers_the_mean() -> None:
    values = np.random.default_rng(0).normal(1.0, 1.0, 400)
    low, high = interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)


@pytest.fixture
def users() -> pd.DataFrame:
    random = np.random.default_rng(1)
    base = random.random(200)
    columns = {
        "weak": base - 0.2,
        "strong": base,
        "same": base + random.normal(0, 0.1, 200),
        "ours": base + 0.1,
    }
    frames = [
        pd.DataFrame({"system": name, "user": range(200), "recall@20": rows})
        for name, rows in columns.items()
    ]
    return pd.concat(frames)


def test_comparison_is_with_the_best_baseline(users: pd.DataFrame) -> None:
    found = compare(users, ["recall@20"], {"weak", "strong"}).set_index("system")
    assert pd.isna(found.loc["strong", "baseline"])
    assert set(found["baseline"].dropna()) == {"strong"}
    assert found["verdict"].to_dict() == {"ours": "better", "same": "even", "strong": "even", "weak": "worse"}
    assert found.loc["ours", "difference"] == pytest.approx(0.1)
    mean = users[users["system"] == "strong"]["recall@20"].mean()
    assert found.loc["ours", "gain_percent"] == pytest.approx(100 * 0.1 / mean)


def test_holm_is_at_least_the_raw_p_and_covers_the_family(users: pd.DataFrame) -> None:
    users["ndcg@20"] = users["recall@20"]
    found = compare(users, ["recall@20", "ndcg@20"], {"weak", "strong"})
    tested = found.dropna(subset=["p_holm"])
    assert len(tested) == 6
    assert (tested["p_holm"] >= tested["p_randomisation"]).all()
    assert tested["p_holm"].min() == pytest.approx(6 * tested["p_randomisation"].min())


def test_without_baselines_nothing_is_tested(users: pd.DataFrame) -> None:
    found = compare(users, ["recall@20"], set())
    assert found["p_holm"].isna().all()
    assert (found["verdict"] == "even").all()
