"""Strengths over datasets, against shares that are worked out and against drawn outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness.evaluation.stats.bradley_terry import _fit, strengths


def test_strengths_of_two_systems_are_their_wins_and_half_ties() -> None:
    """With two systems the wins' ratio is the strengths' ratio."""
    found = _fit(np.array([[0.6], [0.3], [0.1]]), 2)
    assert found[0] / found[1] == pytest.approx(0.6 / 0.3, rel=1e-5)


def test_drawn_strengths_are_found_again() -> None:
    true, tie = np.array([0.5, 0.3, 0.2]), 0.7
    rows = []
    for one, other in ((0, 1), (0, 2), (1, 2)):
        chances = np.array([true[one], true[other], tie * np.sqrt(true[one] * true[other])])
        rows.append(chances / chances.sum())
    assert _fit(np.array(rows).T, 3) == pytest.approx(true, rel=1e-4)


def tables(users: int) -> list[pd.DataFrame]:
    random = np.random.default_rng(0)
    return [
        pd.DataFrame(random.normal([0.0, 0.5, 0.1], 1, (users, 3)), columns=["A", "B", "C"]).round(1)
        for _ in range(3)
    ]


def test_ranks_have_intervals_that_many_users_narrow() -> None:
    few, many = strengths(tables(30)), strengths(tables(3000))
    assert many["system"].tolist() == ["B", "C", "A"]
    assert many["rank"].tolist() == [1, 2, 3]
    assert ((many["rank_low"] <= many["rank"]) & (many["rank"] <= many["rank_high"])).all()
    width = [(frame["rank_high"] - frame["rank_low"]).sum() for frame in (few, many)]
    assert width[1] < width[0]


def test_a_dataset_counts_once_however_many_users_it_has() -> None:
    one, two, three = tables(100)
    twice = pd.concat([one, one], ignore_index=True)
    whole, doubled = (strengths([first, two, three]).set_index("system") for first in (one, twice))
    assert whole["strength"].to_dict() == pytest.approx(doubled["strength"].to_dict(), rel=1e-4)
