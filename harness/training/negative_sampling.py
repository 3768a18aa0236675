"""Training batches: shuffled train pairs, each with a uniform negative, drawn one epoch at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np


class PairSampler:
    """Draws batches of users, positives and negatives. A negative is never a train positive of its user."""

    def __init__(self, pairs: np.ndarray, items: int, batch_size: int, seed: int) -> None:
        """Prepare the draws.

        Args:
            pairs: Train pairs as numbers of users and items, [E, 2].
            items: The number of items, I.
            batch_size: Train pairs in a batch, B. The last batch of an epoch may be smaller.
            seed: Seed of the order and of the negatives.

        Raises:
            ValueError: A user has every item, so that no negative exists.
        """
        self.pairs, self.items, self.batch_size = pairs, items, batch_size
        self.random = np.random.default_rng(seed)
        self.positives = np.sort(pairs[:, 0] * items + pairs[:, 1])
        if np.bincount(pairs[:, 0]).max() >= items:
            raise ValueError("a user has every item; expected at least one to draw as negative")

    def state(self) -> str:
        """The random generator's state, as JSON."""
        return json.dumps(self.random.bit_generator.state)

    def restore(self, state: str) -> None:
        """Continue from what :meth:`state` returned."""
        self.random.bit_generator.state = json.loads(state)

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        return -(-len(self.pairs) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The batches of one epoch: users, positives and negatives, each [B]."""
        pairs = self.random.permutation(self.pairs)
        user, positive = pairs.T
        negative = self._negatives(user)
        for start in range(0, len(pairs), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield user[part], positive[part], negative[part]

    def _negatives(self, user: np.ndarray) -> np.ndarray:
        negative = self.random.integers(self.items, size=len(user))
        rejected = np.flatnonzero(self._is_positive(user, negative))
        while len(rejected):
            negative[rejected] = self.random.integers(self.items, size=len(rejected))
            rejected = rejected[self._is_positive(user[rejected], negative[rejected])]
        return negative

    def _is_positive(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        key = user * self.items + item
        at = np.minimum(np.searchsorted(self.positives, key), len(self.positives) - 1)
        found: np.ndarray = self.positives[at] == key
        return found
