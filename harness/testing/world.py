"""Small worlds that know their answer, for the conformance suite and for tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from harness.data.dataset import Dataset
from harness.text.rows import TextTable
from models.core import Batch
from models.graph import Graph
from models.text import TextRows

USERS, ITEMS, WIDTH = 30, 20, 12


@dataclass(frozen=True)
class World:
    """A small random graph with text, and one batch.

    Attributes:
        pairs: The train pairs [E, 2].
        graph: The same as a graph of USERS users and ITEMS items.
        text: Random rows of WIDTH columns for every node.
        batch: Sixteen train pairs, each with a negative item.
    """

    pairs: np.ndarray
    graph: Graph
    text: TextRows
    batch: Batch

    @classmethod
    def small(cls) -> World:
        """The same world at every call."""
        pairs, random = random_pairs(), np.random.default_rng(1)
        user, positive = torch.from_numpy(pairs[random.permutation(len(pairs))[:16]].T.copy())
        rows = torch.randn(2, USERS + ITEMS, WIDTH, generator=torch.Generator().manual_seed(3))
        batch = Batch(user, positive, torch.from_numpy(random.integers(ITEMS, size=16)))
        return cls(pairs, graph_of(pairs), TextRows(rows[0], rows[1]), batch)


def graph_of(pairs: np.ndarray) -> Graph:
    """Pairs [E, 2] as a graph of USERS users and ITEMS items."""
    user, item = torch.from_numpy(pairs.T.copy())
    return Graph(user, item, USERS, ITEMS)


def random_pairs(seed: int = 0, users: int = USERS, items: int = ITEMS) -> np.ndarray:
    """About a fifth of all pairs, at least one a user and one an item, [E, 2]."""
    random = np.random.default_rng(seed)
    chosen = random.random((users, items)) < 0.2
    chosen[np.arange(users), np.arange(users) % items] = True
    return np.argwhere(chosen)


def checkerboard(size: int = 40, seed: int = 0, known: int | None = None) -> Dataset:
    """Users like the items of their own parity: a dataset that knows its answer.

    Every user has train, validation and test pairs, all on its own colour.

    Args:
        size: Number of users, and of items.
        seed: Seed of the split.
        known: Train pairs of a user at most.
    """
    random = np.random.default_rng(seed)
    parts: dict[str, list[tuple[int, int]]] = {"train": [], "valid": [], "test": []}
    for user in range(size):
        own = random.permutation(np.arange(user % 2, size, 2))
        for split, items in zip(parts, np.split(own, [len(own) - 6, len(own) - 3]), strict=True):
            kept = items[:known] if split == "train" else items
            parts[split] += [(user, int(item)) for item in kept]
    train, valid, test = (np.array(sorted(rows)) for rows in parts.values())
    tokens = np.array([f"t{number}" for number in range(size)])
    return Dataset("checkerboard", tokens, tokens, train, valid, test)


def parity_text(dataset: Dataset, width: int = 8) -> TextTable:
    """Rows that tell the parity of a node, with a little noise."""
    random = np.random.default_rng(5)

    def rows(count: int) -> np.ndarray:
        made = random.normal(0, 0.1, (count, width)).astype(np.float32)
        made[np.arange(count), np.arange(count) % 2] += 1
        return made

    users, items = len(dataset.users), len(dataset.items)
    return TextTable(dataset.users, dataset.items, rows(users), rows(items), rows(users), rows(items))
