"""All pairs, their letters, wins, ties and losses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.evaluation.stats.estimate import Estimate
from harness.evaluation.stats.pairs import LETTERS, all_pairs, letters, needed, win_tie_loss
from harness.evaluation.stats.sample import Sample


def sample(runs: int = 3) -> Sample:
    random = np.random.default_rng(0)
    base = random.random(300)
    shifts = {"low": 0.0, "middle": 0.03, "high": 0.2}
    scores = {
        name: base[:, None] + shift + random.normal(0, 0.1, (300, 1)) + random.normal(0, 0.02, (300, runs))
        for name, shift in shifts.items()
    }
    return Sample(pd.RangeIndex(300), scores)


def verdicts(names: list[str], different: set[tuple[str, str]]) -> pd.DataFrame:
    """Pairs of which some differ."""
    rows = [(one, two, 0.1, 0.001 if (one, two) in different else 0.9) for one, two in combinations(names, 2)]
    return pd.DataFrame(rows, columns=["first", "second", "difference", "p_holm"])


def test_pairs_are_tested_one_by_one_and_adjusted_together() -> None:
    made = sample()
    found = all_pairs(made, smallest=0.003)
    assert found[["first", "second"]].apply(tuple, axis=1).tolist() == [
        ("high", "middle"),
        ("high", "low"),
        ("middle", "low"),
    ]
    for row in found.itertuples():
        estimate = made.difference(row.first, row.second)
        assert (row.difference, row.p) == (estimate.value, estimate.p)
        assert row.detectable == pytest.approx(estimate.detectable(3))
        assert row.family_low < row.low < row.difference < row.high < row.family_high
    assert found["p_holm"].to_numpy() == pytest.approx(multipletests(found["p"], method="holm")[1])
    assert found["verdict"].tolist() == ["better"] * 3


def test_a_system_with_the_runs_of_another_counts_once() -> None:
    made = sample()
    twice = Sample(made.users, {**made.scores, "again": made.scores["middle"]})
    pd.testing.assert_frame_equal(all_pairs(twice, 0.003), all_pairs(made, 0.003))


def test_what_is_needed_shows_the_smallest_effect() -> None:
    """With as many runs, or users, as are said to be needed, the difference is detectable."""
    estimate, tests, smallest = Estimate(0.0, 4e-6, 6e-6, 1e9), 3, 0.0085
    runs, users = needed(estimate, 3, 1000, smallest, tests)
    more_runs = Estimate(0.0, 4e-6, 6e-6 * 3 / runs, 1e9)
    more_users = Estimate(0.0, 4e-6 * 1000 / users, 6e-6, 1e9)
    assert (
        more_runs.detectable(tests)
        <= smallest
        < Estimate(0.0, 4e-6, 6e-6 * 3 / (runs - 1), 1e9).detectable(tests)
    )
    assert more_users.detectable(tests) <= smallest
    assert needed(estimate, 3, 1000, 0.004, tests) == (np.inf, np.inf)


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
    noise = np.random.default_rng(5).normal(0.0, 0.1, size=(300, 40))
    scores = {f"s{number}": number + noise[:, [number]] for number in range(40)}
    found = all_pairs(Sample(pd.RangeIndex(300), scores, frozenset(scores)), 0.1)
    assert (found["p_holm"] < 1e-6).all()
