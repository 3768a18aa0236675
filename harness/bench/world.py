"""The graph that is measured: Amazon-book if its files are there, else a random graph of its size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch

from harness.data.pairs import pair_keys, pair_matrix
from harness.data.prepare import prepare
from harness.planning.plan import load_plan
from harness.training.negative_sampling import PairSampler
from models.core import Batch
from models.graph import Graph
from models.text import TextRows

BATCH = 4096
"""Train pairs in a batch."""

WIDTH = 384
"""Columns of a text row."""

SEED = 2026

PLAN = Path(__file__).parents[1] / "plans" / "amazon-book.yaml"
"""The plan that says where the files of Amazon-book are."""

USERS, ITEMS, PAIRS, HELD_OUT = 11_000, 9_332, 120_464, 40_000
"""Amazon-book's numbers of users, items and train pairs, and of pairs in validation and in test each."""

USER_TAIL, ITEM_TAIL, SHIFT = 0.85, 0.7, 300.0
"""Zipf-Mandelbrot curves fitted to Amazon-book's degrees: the degree at rank r is ~ (r + SHIFT) ** -TAIL."""


@dataclass(frozen=True)
class World:
    """A dataset to measure on.

    Attributes:
        name: What it is called.
        users: Number of users.
        items: Number of items.
        train: Train pairs, [n, 2].
        valid: Validation pairs, [n, 2].
        test: Test pairs, [n, 2].
        width: Number of columns of the random text rows.
    """

    name: str
    users: int
    items: int
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    width: int = WIDTH

    @cached_property
    def graph(self) -> Graph:
        """The train graph."""
        user, item = torch.from_numpy(np.ascontiguousarray(self.train.T))
        return Graph(user, item, self.users, self.items)

    @cached_property
    def text(self) -> TextRows:
        """Random rows, used as profile and as intent. Speed does not depend on their content."""
        random = torch.Generator().manual_seed(SEED)
        rows = torch.randn(self.users + self.items, self.width, generator=random)
        return TextRows(rows, rows)

    def batches(self) -> Iterator[Batch]:
        """Yield the first eight training batches of an epoch, over and over."""
        return cycle(list(islice(self.epoch(), 8)))

    def epoch(self) -> Iterator[Batch]:
        """Yield the training batches of an epoch, which are the same at every call."""
        for rows in PairSampler(self.train, self.items, BATCH, SEED):
            yield Batch(*(torch.from_numpy(np.ascontiguousarray(row)) for row in rows))

    def matrix(self, pairs: np.ndarray) -> sp.csr_matrix:
        """Return pairs [n, 2] as a binary matrix [U, I]."""
        return pair_matrix(pairs, self.users, self.items)


def has_amazon_book() -> bool:
    """Return whether the files of Amazon-book are where the plan says."""
    return bool(load_plan(PLAN).datasets[0].source.folder.is_dir())  # type: ignore[union-attr]


def amazon_book() -> World:
    """Load the papers' Amazon-book; without its files, make a random graph of its size and degrees."""
    if not has_amazon_book():
        return random_world()
    dataset = load_plan(PLAN).datasets[0]
    data = prepare(dataset.name, dataset.source, dataset.split, SEED)
    return World("Amazon-book", len(data.users), len(data.items), data.train, data.valid, data.test)


def random_world(scale: int = 1, held_out: int = HELD_OUT, width: int = WIDTH) -> World:
    """Make a random graph of several times Amazon-book's size.

    Args:
        scale: Users, items and train pairs are so many times Amazon-book's.
        held_out: Number of validation pairs, and of test pairs.
        width: Columns of the text rows.
    """
    name = f"random graph, {scale} x Amazon-book"
    return drawn_world(name, scale * USERS, scale * ITEMS, scale * PAIRS, held_out, width)


def drawn_world(name: str, users: int, items: int, count: int, held_out: int, width: int = 0) -> World:
    """Make a random graph with Amazon-book's curves of degrees. Every user and every item has a train pair.

    Args:
        name: What it is called.
        users: Number of users.
        items: Number of items.
        count: Number of train pairs.
        held_out: Number of validation pairs, and of test pairs.
        width: Columns of the text rows.
    """
    random = np.random.default_rng(SEED)
    weights = (_curve(users, USER_TAIL), _curve(items, ITEM_TAIL))
    every_user = np.stack([np.arange(users), random.choice(items, users, p=weights[1])], axis=1)
    every_item = np.stack([random.choice(users, items, p=weights[0]), np.arange(items)], axis=1)
    keys = np.unique(pair_keys(np.concatenate([every_user, every_item]), items))
    one_per_node, total = keys, count + 2 * held_out
    while len(keys) < total:
        missing = total - len(keys)
        sides = [random.choice(len(weight), missing + 1024, p=weight) for weight in weights]
        new_keys = np.setdiff1d(pair_keys(np.stack(sides, axis=1), items), keys)
        keys = np.union1d(keys, random.permutation(new_keys)[:missing])
    others = random.permutation(np.setdiff1d(keys, one_per_node))
    train_keys = np.concatenate([one_per_node, others[2 * held_out :]])
    splits = (train_keys, others[:held_out], others[held_out : 2 * held_out])
    train, valid, test = (np.stack([part // items, part % items], axis=1) for part in splits)
    return World(name, users, items, train, valid, test, width)


def _curve(count: int, tail: float) -> np.ndarray:
    """Return the probability of each of ``count`` nodes, the most popular first."""
    weight: np.ndarray = (np.arange(count) + SHIFT) ** -tail
    weight /= weight.sum()
    return weight
