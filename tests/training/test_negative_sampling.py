"""Negatives are uniform and never positive; an epoch is every pair once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.testing.world import ITEMS, random_pairs
from harness.training.negative_sampling import PairSampler


@given(st.integers(0, 50), st.integers(1, 300))
def test_an_epoch_is_every_pair_once_with_true_negatives(seed: int, batch_size: int) -> None:
    pairs = random_pairs(seed)
    sampler = PairSampler(pairs, ITEMS, batch_size, seed)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    user, positive, negative = (np.concatenate(part) for part in zip(*batches, strict=True))
    assert sorted(zip(user, positive, strict=True)) == sorted(map(tuple, pairs))
    known = set(map(tuple, pairs))
    assert not any(pair in known for pair in zip(user, negative, strict=True))


def test_negatives_are_uniform_over_what_a_user_lacks() -> None:
    sampler = PairSampler(np.array([[0, 0], [0, 1]]), 6, 2, 0)
    counts = np.zeros(6)
    for _ in range(2000):
        for _, _, negative in sampler:
            np.add.at(counts, negative, 1)
    assert counts[:2].sum() == 0
    assert np.allclose(counts[2:] / counts.sum(), 0.25, atol=0.03)


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    pairs = random_pairs()
    one, two = PairSampler(pairs, ITEMS, 1000, 4), PairSampler(pairs, ITEMS, 1000, 4)
    first, second = next(iter(one)), next(iter(one))
    assert not np.array_equal(first[0], second[0])
    assert all(np.array_equal(a, b) for a, b in zip(first, next(iter(two)), strict=True))


def test_a_user_with_every_item_is_refused() -> None:
    with pytest.raises(ValueError, match="every item"):
        PairSampler(np.array([[0, 0], [0, 1]]), 2, 1, 0)
