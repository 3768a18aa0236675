"""Every system against a reference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from harness.evaluation.stats.comparison import compare, compare_with_references, holm, with_cautious_verdicts
from harness.evaluation.stats.pairs import all_pairs


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


def test_the_order_of_rows_changes_nothing(users: pd.DataFrame) -> None:
    shuffled = users.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(
        compare(users, ["recall@20"], {"weak", "strong"}),
        compare(shuffled, ["recall@20"], {"weak", "strong"}),
    )


def test_another_system_changes_no_pair(users: pd.DataFrame) -> None:
    table = users.pivot(index="user", columns="system", values="recall@20")
    few = (
        compare_with_references(table[["strong", "same"]], {"same": "strong"}).set_index("system").loc["same"]
    )
    many = (
        compare_with_references(table, {"same": "strong", "weak": "strong"}).set_index("system").loc["same"]
    )
    pd.testing.assert_series_equal(few, many)


def test_holm_by_hand_skips_what_was_not_tested() -> None:
    found = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    assert found[[0, 2, 3]] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(found[1])


@pytest.mark.parametrize("count", [0, 1, 40])
def test_holm_is_statsmodels(count: int) -> None:
    raw = np.random.default_rng(count).random(count).round(1) ** 3
    expected = multipletests(raw, method="holm")[1] if count else raw
    assert holm(raw) == pytest.approx(expected)


def test_worse_than_the_luckiest_of_many_is_said_by_all_pairs() -> None:
    """Systems alike but for noise: somebody is far below the best of them, and nobody is worse."""
    for seed in range(20):
        table = pd.DataFrame(np.random.default_rng(seed).normal(0.4, 0.1, (40, 12))).add_prefix("system ")
        rows = table.rename_axis("user").reset_index().melt("user", var_name="system", value_name="m")
        found = compare(rows, ["m"], set(table))
        if (found["verdict"] == "worse").any():
            break
    assert (found["verdict"] == "worse").any()
    found = found.assign(difference_seeds_low=np.nan, difference_seeds_high=np.nan)
    assert (with_cautious_verdicts(found, {"m": all_pairs(table)})["verdict"] == "even").all()
