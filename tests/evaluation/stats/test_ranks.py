"""Friedman and Nemenyi on worked numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare

from harness.evaluation.stats.ranks import critical_difference, rank

DEMSAR = pd.DataFrame(
    {
        "C4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
        "C4.5+m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
        "C4.5+cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946],
        "C4.5+m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970],
    }
)  # fmt: skip
"""Table 6 of Demšar (2006); .9751 because the printed ranks part a tie that rounding made."""


def test_demsars_example() -> None:
    """Mean ranks 3.143, 2.000, 2.893, 1.964 and a critical difference of 1.25 are printed there."""
    found = rank(DEMSAR)
    assert found.mean_ranks.to_dict() == pytest.approx(
        {"C4.5+m+cf": 1.964, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5": 3.143}, abs=5e-4
    )
    assert found.critical_difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=1e-3)
    assert found.p_friedman == pytest.approx(friedmanchisquare(*DEMSAR.to_numpy().T).pvalue)


def test_nemenyis_p_and_the_critical_difference_agree() -> None:
    found = rank(DEMSAR)
    ranks = found.mean_ranks.to_numpy()
    far = np.abs(ranks[:, None] - ranks) > found.critical_difference
    assert (far == (found.p_nemenyi.to_numpy() < 0.05)).all()


@pytest.mark.parametrize(("systems", "q"), [(2, 1.960), (5, 2.728), (10, 3.164)])
def test_critical_values_are_demsars(systems: int, q: float) -> None:
    blocks = 10
    assert critical_difference(systems, blocks) == pytest.approx(
        q * np.sqrt(systems * (systems + 1) / (6 * blocks)), rel=1e-3
    )


def test_too_little_to_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 x 3 or more"):
        rank(DEMSAR.iloc[:1])
    with pytest.raises(ValueError, match="none missing"):
        rank(DEMSAR.assign(gone=np.nan))
