"""Thinning the train pairs to a share, in samples that hold each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.data.dataset import Dataset


def thin(dataset: Dataset, share: float, seed: int) -> Dataset:
    """The dataset with a ``share`` of its train pairs; validation, test and candidates stay as they are."""
    order = thinning_order(dataset.train, seed)
    kept, taken = np.split(order, [max(1, round(share * len(order)))])
    kept = np.sort(kept)
    train = dataset.train[kept]
    lost = [len(np.unique(dataset.train[:, column])) - len(np.unique(train[:, column])) for column in (0, 1)]
    note = (
        f"train pairs thinned to {100 * share:g}%, {len(train):,} of {len(order):,}; {lost[0]:,} users and "
        f"{lost[1]:,} items lost their last one; no list shows a pair taken away"
    )
    reviews = dataset.reviews.rows(kept) if dataset.reviews else None
    notes = (*dataset.notes, note)
    return replace(dataset, train=train, thinned=dataset.train[taken], reviews=reviews, notes=notes)


def thinning_order(train: np.ndarray, seed: int) -> np.ndarray:
    """Numbers [E] of the train pairs, those kept longest first; every share is a prefix of it.

    A random order, except that one pair of every user comes first, then one of every item that none
    of these has: thinning makes nobody cold before it must.

    Args:
        train: Train pairs, [E, 2].
        seed: Seed of the order.
    """
    order = np.random.default_rng(seed).permutation(len(train))
    user, item = train[order].T
    own = np.zeros(len(order), dtype=bool)
    own[np.unique(user, return_index=True)[1]] = True
    first = np.zeros(len(order), dtype=bool)
    first[np.unique(item, return_index=True)[1]] = True
    first &= ~np.isin(item, item[own])
    rank = np.select([own, first], [0, 1], 2)
    return order[np.argsort(rank, kind="stable")]
