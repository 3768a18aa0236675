"""Thinning: only a share of the train pairs is kept, and each sample lies inside the larger ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.data.counts import counted
from harness.data.dataset import Dataset


def thin(dataset: Dataset, share: float, seed: int) -> Dataset:
    """The dataset with a ``share`` of its train pairs. Validation pairs, test pairs and candidates stay."""
    order = thinning_order(dataset.train, seed)
    kept, removed = np.split(order, [max(1, round(share * len(order)))])
    kept = np.sort(kept)
    train = dataset.train[kept]
    lost = [len(np.unique(dataset.train[:, column])) - len(np.unique(train[:, column])) for column in (0, 1)]
    note = (
        f"the dataset has its train pairs thinned to {100 * share:g}%: {len(train):,} of {len(order):,} are "
        f"kept, {counted(lost[0], 'user')} and {counted(lost[1], 'item')} have none left, and no ranked list "
        "contains a removed pair"
    )
    reviews = dataset.reviews.rows(kept) if dataset.reviews else None
    notes = (*dataset.notes, note)
    return replace(dataset, train=train, thinned=dataset.train[removed], reviews=reviews, notes=notes)


def thinning_order(train: np.ndarray, seed: int) -> np.ndarray:
    """The numbers [E] of the train pairs in the order in which they are kept: a share is a prefix.

    The order is random, except that one pair of every user comes first, and then one pair of every item
    that these lack. So no user and no item loses its last train pair as long as that can be avoided.

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
