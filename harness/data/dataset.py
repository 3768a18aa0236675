"""The canonical dataset: tokens, three splits of pairs, texts, and a checksum of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import scipy.sparse as sp

from harness.data.pairs import pair_matrix

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

    def rows(self, places: np.ndarray) -> Reviews:
        """Those at ``places`` [n], in that order."""
        return Reviews(tuple(self.texts[place] for place in places), self.ratings[places])


class ItemFacts(NamedTuple):
    """What is known of items beside interactions, in token order: ``titles`` [I] and ``abouts`` [I]."""

    titles: tuple[str, ...]
    abouts: tuple[str, ...]

    def rows(self, places: np.ndarray) -> ItemFacts:
        """Those at ``places`` [n], in that order."""
        return ItemFacts(*(tuple(side[place] for place in places) for side in self))


@dataclass(frozen=True)
class TuningView:
    """What may choose hyper-parameters: train and validation pairs; test pairs do not exist here.

    Attributes:
        name: Name used in tables.
        users, items: Tokens, [U] and [I], str.
        train, valid: Pairs as positions in ``users`` and ``items``, [E, 2].
        thinned: Train pairs that thinning took away, [E, 2]. Nothing is trained on them, and no list shows
            them: what a user is known to like is no miss, and candidates are the same at every density.
    """

    name: str
    users: np.ndarray
    items: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    thinned: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64), kw_only=True)

    splits: ClassVar[tuple[str, ...]] = ("train", "valid")

    def pairs(self, split: str) -> np.ndarray:
        """The pairs [E, 2] of one of ``splits``.

        Raises:
            LookupError: There is no such split here.
        """
        if split not in self.splits:
            raise LookupError(f"{self.name}: no {split!r} pairs here; expected one of {self.splits}")
        found: np.ndarray = getattr(self, split)
        return found

    def matrix(self, split: str) -> sp.csr_matrix:
        """One split as a sorted binary matrix [U, I], float32."""
        return pair_matrix(self.pairs(split), len(self.users), len(self.items))

    def known(self) -> sp.csr_matrix:
        """The train pairs and the thinned ones, as :meth:`matrix`."""
        pairs = np.concatenate([self.train, self.thinned])
        return pair_matrix(pairs, len(self.users), len(self.items))


@dataclass(frozen=True)
class Dataset(TuningView):
    """Binary interactions between known users and items.

    Attributes:
        test: Pairs as positions in ``users`` and ``items``, [E, 2].
        texts: A text for every token, or None.
        notes: What a reader of the results must know, one sentence each.
        titles: A title for every item, or None; twins are known by it.
        reviews: Ratings and reviews of the train pairs, or None.
        facts: Titles and descriptions of items, or None; written intents are made of them.
    """

    test: np.ndarray
    texts: Texts | None = None
    notes: tuple[str, ...] = ()
    titles: tuple[str, ...] | None = None
    reviews: Reviews | None = None
    facts: ItemFacts | None = None

    splits: ClassVar[tuple[str, ...]] = SPLITS

    def tuning_view(self) -> TuningView:
        """The same without its test pairs."""
        return TuningView(self.name, self.users, self.items, self.train, self.valid, thinned=self.thinned)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over tokens, pairs and texts, in hexadecimal."""
        parts: list[bytes] = []
        for tokens in (self.users, self.items):
            parts.append("\0".join(tokens).encode())
        thinned = [self.thinned] if len(self.thinned) else []
        for pairs in [*(self.pairs(split) for split in SPLITS), *thinned]:
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
