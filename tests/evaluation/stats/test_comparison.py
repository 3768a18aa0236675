"""Every system against a reference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from harness.evaluation.stats.comparison import compare_with_references, holm, with_verdicts
from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.smallest import SmallestEffect

REFERENCES = {"weak": "strong", "same": "strong", "ours": "strong"}


@pytest.fixture
def sample() -> Sample:
    random = np.random.default_rng(1)
    base = random.random(400)

    def runs(shift: float, spread: float) -> np.ndarray:
        return base[:, None] + shift + random.normal(0, spread, (400, 1)) + random.normal(0, 0.02, (400, 3))

    scores = {
        "weak": runs(-0.2, 0.1),
        "strong": base[:, None],
        "same": runs(0, 0.002),
        "ours": runs(0.1, 0.1),
    }
    return Sample(pd.RangeIndex(400), scores, frozenset({"strong"}))


def compared(sample: Sample, smallest: SmallestEffect | None = None) -> pd.DataFrame:
    frame = compare_with_references(sample, REFERENCES, smallest or SmallestEffect())
    return with_verdicts(frame).set_index("system")


def test_verdicts_are_words(sample: Sample) -> None:
    found = compared(sample)
    assert found["verdict"].to_dict() == {"weak": "worse", "strong": "", "same": "equal", "ours": "better"}
    assert compared(sample, SmallestEffect(1e-6))["verdict"]["same"] == "undecided"
    assert pd.isna(found.loc["strong", "baseline"])


def test_a_gain_is_in_per_cent_of_the_reference(sample: Sample) -> None:
    found = compared(sample).loc["ours"]
    means = sample.totals
    assert found["gain_percent"] == pytest.approx(100 * (means["ours"] / means["strong"] - 1))
    assert found["gain_low"] < found["gain_percent"] < found["gain_high"]
    assert found["gain_low"] == pytest.approx(100 * found["difference_low"] / means["strong"], rel=0.2)


def test_a_system_that_ran_once_is_not_tested(sample: Sample) -> None:
    once = Sample(sample.users, {**sample.scores, "ours": sample.scores["ours"][:, :1]}, sample.deterministic)
    found = compared(once)
    assert np.isnan(found.loc["ours", "p"])
    assert found.loc["ours", "verdict"] == ""
    assert np.isnan(found.loc["ours", "low"])
    assert found.loc["weak", "verdict"] == "worse"


def test_holm_is_at_least_the_raw_p_and_covers_the_family(sample: Sample) -> None:
    found = compared(sample).dropna(subset=["p"])
    assert (found["p_holm"] >= found["p"]).all()
    assert found["p_holm"].min() == pytest.approx(3 * found["p"].min())


def test_holm_by_hand_skips_what_was_not_tested() -> None:
    found = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    assert found[[0, 2, 3]] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(found[1])


@pytest.mark.parametrize("count", [0, 1, 40])
def test_holm_is_statsmodels(count: int) -> None:
    raw = np.random.default_rng(count).random(count).round(1) ** 3
    expected = multipletests(raw, method="holm")[1] if count else raw
    assert holm(raw) == pytest.approx(expected)
