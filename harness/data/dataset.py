"""The canonical dataset: tokens, three splits of pairs, texts, and a checksum of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

SPLITS = ("train", "valid", "test")

SAME_INTENTS = "no intents are given: the intent rows are the profile rows"
"""A note on results of systems that tell the two apart."""


class Texts(NamedTuple):
    """One text for every user and item, in token order, profile and intent apart."""

    user_profile: list[str]
    item_profile: list[str]
    user_intent: list[str]
    item_intent: list[str]


class Reviews(NamedTuple):
    """What users said of items, one entry a *train* pair in ``Dataset.train``'s order; nothing held out.

    Attributes:
        texts: What was written, [E]; empty where nothing was.
        ratings: [E], NaN where there is none.
    """

    texts: tuple[str, ...]
    ratings: np.ndarray


class ItemFacts(NamedTuple):
    """What is known of items beside interactions, in token order: ``titles`` [I] and ``abouts`` [I]."""

    titles: tuple[str, ...]
    abouts: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    """Binary interactions between known users and items.

    Attributes:
        name: Name used in tables.
        users, items: Tokens, [U] and [I], str.
        train, valid, test: Pairs as positions in ``users`` and ``items``, [E, 2].
        texts: A text for every token, or None.
        reviews: Ratings and reviews of the train pairs, or None.
        facts: Titles and descriptions of items, or None.
        notes: What a reader of the results must know, one sentence each.
    """

    name: str
    users: np.ndarray
    items: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    texts: Texts | None = None
    notes: tuple[str, ...] = ()
    reviews: Reviews | None = None
    facts: ItemFacts | None = None

    def pairs(self, split: str) -> np.ndarray:
        """The pairs [E, 2] of one of ``SPLITS``."""
        found: np.ndarray = getattr(self, split)
        return found

    def matrix(self, split: str) -> sp.csr_matrix:
        """One split as a sorted binary matrix [U, I], float32."""
        user, item = self.pairs(split).T
        ones = np.ones(len(user), dtype=np.float32)
        matrix = sp.csr_matrix((ones, (user, item)), shape=(len(self.users), len(self.items)))
        matrix.sort_indices()
        return matrix

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over tokens, pairs and texts, in hexadecimal."""
        parts: list[bytes] = []
        for tokens in (self.users, self.items):
            parts.append("\0".join(tokens).encode())
        for split in SPLITS:
            pairs = self.pairs(split)
            order = np.lexsort((pairs[:, 1], pairs[:, 0]))
            parts.append(np.ascontiguousarray(pairs[order], dtype="<i8").tobytes())
        for texts in self.texts or ():
            parts.append("\0".join(texts).encode())
        return digest(parts)


def digest(parts: Iterable[bytes]) -> str:
    """SHA-256 of ``parts``, each with its length, in hexadecimal."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()
