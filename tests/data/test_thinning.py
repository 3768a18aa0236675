"""Density sweeps: nested shares of the train pairs, nobody cold before it must be."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.prepare import prepare
from harness.data.spec import Movielens, SplitSpec
from harness.data.thinning import thin, thinning_order
from harness.evaluation.ranking import evaluate
from harness.testing.conformance import make_run
from harness.testing.world import checkerboard, random_pairs
from harness.training.loop import Callbacks
from harness.training.prepared_data import prepared
from harness.training.run import train, try_out

SHARES = st.lists(st.floats(0.05, 1.0), min_size=2, max_size=5).map(sorted)


@settings(deadline=None)  # a busy machine is no fault
@given(SHARES, st.integers(0, 1000), st.integers(0, 50))
def test_every_smaller_sample_is_inside_the_larger(shares: list[float], seed: int, world: int) -> None:
    from dataclasses import replace

    dataset = replace(checkerboard(), train=random_pairs(world, 40, 40))
    kept = [{tuple(pair) for pair in thin(dataset, share, seed).train} for share in shares]
    for smaller, larger, share in zip(kept[:-1], kept[1:], shares[:-1], strict=True):
        assert smaller <= larger
        assert len(smaller) == max(1, round(share * len(dataset.train)))
    assert kept[-1] <= {tuple(pair) for pair in dataset.train}


@settings(deadline=None)  # a busy machine is no fault
@given(st.integers(0, 1000), st.integers(0, 50))
def test_one_pair_of_every_user_then_of_every_item_stays_longest(seed: int, world: int) -> None:
    pairs = random_pairs(world)
    users, items = (len(np.unique(pairs[:, column])) for column in (0, 1))
    ordered = pairs[thinning_order(pairs, seed)]
    assert sorted(ordered.tolist()) == sorted(pairs.tolist())
    assert len(np.unique(ordered[:users, 0])) == users
    covered = [len(np.unique(ordered[:count, 1])) for count in range(users, users + items + 1)]
    assert covered[-1] == items, "no later than one pair a user and one an item"
    assert all(step in (0, 1) for step in np.diff(covered))


def test_held_out_pairs_and_tokens_stay_and_texts_hold_kept_titles_only() -> None:
    source = Movielens(kind="movielens", core=30)
    whole, thinned = (prepare("m", source, SplitSpec(), 3, density) for density in (1.0, 0.4))
    for part in ("users", "items", "valid", "test"):
        np.testing.assert_array_equal(getattr(whole, part), getattr(thinned, part))
    assert len(thinned.train) == round(0.4 * len(whole.train))
    assert thinned.checksum != whole.checksum
    assert any("thinned to 40%" in note for note in thinned.notes)
    assert thinned.texts is not None
    kept = {user: {int(item) for owner, item in thinned.train if owner == user} for user in range(10)}
    names = [text.split(" (")[0] for text in thinned.texts.item_profile]
    for user, items in kept.items():
        words = thinned.texts.user_profile[user]
        assert all(names[item] in words for item in items)
        dropped = {int(item) for owner, item in whole.train if owner == user} - items
        unique = [names[item] for item in dropped if not any(names[item] in names[other] for other in items)]
        assert not [name for name in unique if len(name) > 12 and name in words]


def test_pairs_taken_away_are_neither_trained_on_nor_shown() -> None:
    """In validation and test: MostPop's lists by hand."""
    whole = checkerboard()
    thinned = thin(whole, 0.5, 0)
    assert (thinned.known() != whole.matrix("train")).nnz == 0
    assert (thinned.tuning_view().known() != whole.matrix("train")).nnz == 0
    run = make_run("MostPop")
    count = np.bincount(thinned.train[:, 1], minlength=len(whole.items)).astype(float)

    def popular(users: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.tile(count, (len(users), 1)))

    def mean(relevant: str, hidden: sp.csr_matrix) -> float:
        found = evaluate(popular, thinned.matrix(relevant), hidden, hidden, ("recall",), (5,))
        return float(found.users["recall@5"].mean())

    with prepared(thinned, None) as data:
        tested = train(run, data, Callbacks()).users["recall@5"].mean()
        validated = try_out(run, data.for_tuning(), Callbacks())["valid"]["recall@5"]
    assert tested == pytest.approx(mean("test", whole.matrix("train")))
    assert tested != pytest.approx(mean("test", thinned.matrix("train")))
    assert validated == pytest.approx(mean("valid", whole.matrix("train")))
    assert validated != pytest.approx(mean("valid", thinned.matrix("train")))
