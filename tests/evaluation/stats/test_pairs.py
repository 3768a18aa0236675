"""All pairs, their letters, wins, ties and losses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.evaluation.stats.paired import smallest_effect
from harness.evaluation.stats.pairs import LETTERS, all_pairs, letters, win_tie_loss
from harness.evaluation.stats.randomisation import randomisation_test


def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    base = random.random(300)
    shifts = {"low": 0.0, "middle": 0.03, "high": 0.2}
    return pd.DataFrame({name: base + shift + random.normal(0, 0.1, 300) for name, shift in shifts.items()})


def verdicts(names: list[str], different: set[tuple[str, str]]) -> pd.DataFrame:
    """Pairs of which some differ."""
    rows = [(one, two, 0.1, 0.001 if (one, two) in different else 0.9) for one, two in combinations(names, 2)]
    return pd.DataFrame(rows, columns=["first", "second", "difference", "p_holm"])


def test_pairs_are_tested_one_by_one_and_adjusted_together() -> None:
    values, found = table(), all_pairs(table())
    assert list(zip(found["first"], found["second"], strict=True)) == [
        ("high", "middle"),
        ("high", "low"),
        ("middle", "low"),
    ]
    for row in found.itertuples():
        difference = (values[row.first] - values[row.second]).to_numpy()
        assert row.difference == pytest.approx(difference.mean())
        assert row.p_randomisation == pytest.approx(randomisation_test(difference), abs=0.01)
        assert row.detectable == pytest.approx(smallest_effect(300, 3) * difference.std(ddof=1))
    assert found["p_holm"].to_numpy() == pytest.approx(
        multipletests(found["p_randomisation"], method="holm")[1]
    )


def test_letters_of_piephos_kind() -> None:
    """Neighbours alike, ends different: the middle has both letters."""
    found = letters(verdicts(["A", "B", "C"], {("A", "C")}))
    assert found == {"A": "a", "B": "ab", "C": "b"}


def test_letters_where_significance_is_no_order() -> None:
    """A differs from B alone although C lies beyond B."""
    assert letters(verdicts(["A", "B", "C"], {("A", "B")})) == {"A": "a", "B": "b", "C": "ab"}
    assert letters(verdicts(["A", "B"], set())) == {"A": "a", "B": "a"}


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 8).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.sampled_from(list(combinations(range(n), 2)))))
    )
)
def test_two_share_a_letter_if_and_only_if_they_do_not_differ(
    drawn: tuple[int, set[tuple[int, int]]],
) -> None:
    names = [f"s{number}" for number in range(drawn[0])]
    different = {(names[one], names[two]) for one, two in drawn[1]}
    found = letters(verdicts(names, different))
    assert all(found.values())
    for pair in combinations(names, 2):
        assert bool(set(found[pair[0]]) & set(found[pair[1]])) == (pair not in different)


def test_more_systems_than_letters_have_none() -> None:
    assert letters(verdicts([f"s{number}" for number in range(LETTERS + 1)], set())) == {}


def test_wins_ties_and_losses_are_counted() -> None:
    two = pd.concat(
        [verdicts(["A", "B", "C"], {("A", "C")}), verdicts(["A", "B", "C"], {("A", "C"), ("B", "C")})]
    )
    matrix = win_tie_loss(two)
    assert matrix.index.tolist() == matrix.columns.tolist() == ["A", "B", "C"]
    assert matrix.to_numpy().tolist() == [
        ["", "0/2/0", "2/0/0"],
        ["0/2/0", "", "1/1/0"],
        ["0/0/2", "0/1/1", ""],
    ]


def test_many_systems_that_differ_clearly_are_told_apart() -> None:
    """780 tests: the smallest share of 9,999 flips, times 780, would be .078."""
    noise = np.random.default_rng(5).normal(0.0, 0.1, size=(300, 40))
    found = all_pairs(pd.DataFrame(np.arange(40.0) + noise))
    assert (found["p_holm"] < 1e-6).all()
