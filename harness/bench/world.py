"""What is measured on: the Amazon-book graph where it is at hand, or one drawn like it."""

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
WIDTH = 384
SEED = 2026

PLAN = Path(__file__).parents[1] / "plans" / "amazon-book.yaml"
"""Names the folder of the Amazon-book matrices."""

USERS, ITEMS, PAIRS, HELD_OUT = 11_000, 9_332, 120_464, 40_000
"""Amazon-book's size: train pairs, and pairs held out for validation and again for test."""

USER_TAIL, ITEM_TAIL, SHIFT = 0.85, 0.7, 300.0
"""Zipf-Mandelbrot curves through Amazon-book's degrees: degree of rank r ~ (r + shift) ** -tail."""


@dataclass(frozen=True)
class World:
    """Train, validation and test pairs [n, 2] of ``users`` users and ``items`` items.

    ``width`` is the number of text columns a node; the rows are random.
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
        """Random rows that serve as profile and as intent; speed does not depend on their content."""
        random = torch.Generator().manual_seed(SEED)
        rows = torch.randn(self.users + self.items, self.width, generator=random)
        return TextRows(rows, rows)

    def batches(self) -> Iterator[Batch]:
        """The first few training batches of an epoch, over and over."""
        parts = islice(PairSampler(self.train, self.items, BATCH, SEED), 8)
        made = [Batch(*(torch.from_numpy(np.ascontiguousarray(row)) for row in part)) for part in parts]
        return cycle(made)

    def matrix(self, pairs: np.ndarray) -> sp.csr_matrix:
        """Pairs as a binary matrix [U, I]."""
        return pair_matrix(pairs, self.users, self.items)


def at_hand() -> bool:
    """Whether the Amazon-book matrices lie beside the checkout."""
    return bool(load_plan(PLAN).datasets[0].source.folder.is_dir())  # type: ignore[union-attr]


def amazon_book() -> World:
    """The papers' matrices; a graph of the same size and degrees where they are not beside the checkout."""
    if not at_hand():
        return drawn()
    dataset = load_plan(PLAN).datasets[0]
    data = prepare(dataset.name, dataset.source, dataset.split, SEED)
    return World("Amazon-book", len(data.users), len(data.items), data.train, data.valid, data.test)


def drawn(scale: int = 1, held_out: int = HELD_OUT, width: int = WIDTH) -> World:
    """A graph with power-law degrees, ``scale`` times Amazon-book's users, items and pairs."""
    random = np.random.default_rng(SEED)
    users, items, count = scale * USERS, scale * ITEMS, scale * PAIRS
    weights = (_curve(users, USER_TAIL), _curve(items, ITEM_TAIL))
    every_user = np.stack([np.arange(users), random.choice(items, users, p=weights[1])], axis=1)
    every_item = np.stack([random.choice(users, items, p=weights[0]), np.arange(items)], axis=1)
    keys = np.unique(pair_keys(np.concatenate([every_user, every_item]), items))
    first, wanted = keys, count + 2 * held_out
    while len(keys) < wanted:
        missing = wanted - len(keys)
        sides = [random.choice(len(weight), missing + 1024, p=weight) for weight in weights]
        fresh = np.setdiff1d(pair_keys(np.stack(sides, axis=1), items), keys)
        keys = np.union1d(keys, random.permutation(fresh)[:missing])
    rest = random.permutation(np.setdiff1d(keys, first))  # every node keeps a train pair
    train = np.concatenate([first, rest[2 * held_out :]])
    parts = (train, rest[:held_out], rest[held_out : 2 * held_out])
    name = f"drawn, {scale} x Amazon-book"
    train, valid, test = (np.stack([part // items, part % items], axis=1) for part in parts)
    return World(name, users, items, train, valid, test, width)


def _curve(count: int, tail: float) -> np.ndarray:
    weight: np.ndarray = (np.arange(count) + SHIFT) ** -tail
    weight /= weight.sum()
    return weight
