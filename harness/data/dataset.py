"""The dataset in the form that everything after it reads: ids, three splits of pairs, texts, a checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import scipy.sparse as sp

from harness.data.pairs import in_order, pair_matrix

SPLITS = ("train", "valid", "test")

SAME_INTENTS = "no intents are given: the intent rows are the profile rows"
"""A note for the reader of results: some systems treat profiles and intents differently."""


MEAN_ROWS = b"the mean of the rows of the train items"
"""What stands in a checksum for the texts of users who have none of their own."""


class Texts(NamedTuple):
    """A profile text and an intent text for every user and item, in the order of the dataset's ids.

    Users may have no texts of their own (None). Their rows are then the means of their train items' rows.
    """

    user_profile: list[str] | None
    item_profile: list[str]
    user_intent: list[str] | None
    item_intent: list[str]

    def with_users(self, users: int, train: np.ndarray) -> Texts:
        """The same texts, where users without texts of their own get those of their train items.

        Args:
            users: The number of users.
            train: Train pairs as positions, [E, 2].
        """
        profile, intent = (
            joined_texts(item, users, train, None) if user is None else user
            for user, item in ((self.user_profile, self.item_profile), (self.user_intent, self.item_intent))
        )
        return Texts(profile, self.item_profile, intent, self.item_intent)


def joined_texts(item_texts: list[str], users: int, train: np.ndarray, words: int | None) -> list[str]:
    """For each user [U] the texts of the user's train items, joined, of which ``words`` words are kept."""
    liked: list[list[str]] = [[] for _ in range(users)]
    for user, item in train.tolist():
        liked[user].append(item_texts[item])
    texts = [" ".join(own) for own in liked]
    return texts if words is None else [" ".join(text.split()[:words]) for text in texts]


class Reviews(NamedTuple):
    """What users said of items: one entry for each *train* pair, in the order of ``Dataset.train``.

    Validation and test pairs have no entry.

    Attributes:
        texts: What the user wrote of the item, [E]; empty if nothing.
        ratings: The ratings, [E]; NaN if there is none.
    """

    texts: tuple[str, ...]
    ratings: np.ndarray

    def rows(self, positions: np.ndarray) -> Reviews:
        """The entries at ``positions`` [n], in that order."""
        return Reviews(tuple(self.texts[position] for position in positions), self.ratings[positions])


class ItemFacts(NamedTuple):
    """Titles [I] and descriptions [I] of items, in the order of the dataset's ids; empty if unknown."""

    titles: tuple[str, ...]
    abouts: tuple[str, ...]

    def rows(self, positions: np.ndarray) -> ItemFacts:
        """The entries at ``positions`` [n], in that order."""
        return ItemFacts(*(tuple(texts[position] for position in positions) for texts in self))


@dataclass(frozen=True)
class TuningView:
    """What tuning may see of a dataset: its train and validation pairs, and no test pair.

    Attributes:
        name: The name that tables show.
        users, items: Ids, [U] and [I], str.
        train, valid: Pairs as positions in ``users`` and ``items``, [E, 2].
        thinned: Train pairs that thinning removed, [E, 2]. No system is trained on them. No ranked list
            contains them either, so that the candidates are the same at every density.
    """

    name: str
    users: np.ndarray
    items: np.ndarray
    train: np.ndarray
    valid: np.ndarray
    thinned: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64), kw_only=True)

    splits: ClassVar[tuple[str, ...]] = ("train", "valid")

    def pairs(self, split: str) -> np.ndarray:
        """The pairs [E, 2] of one split, which must be one of ``splits``.

        Raises:
            LookupError: The dataset has no split of this name.
        """
        if split not in self.splits:
            raise LookupError(f"{self.name}: no {split!r} pairs here; expected one of {self.splits}")
        pairs: np.ndarray = getattr(self, split)
        return pairs

    def matrix(self, split: str) -> sp.csr_matrix:
        """One split as a sorted binary matrix [U, I], float32."""
        return pair_matrix(self.pairs(split), len(self.users), len(self.items))

    def known(self) -> sp.csr_matrix:
        """The train pairs and the thinned pairs together, as a matrix like that of :meth:`matrix`."""
        pairs = np.concatenate([self.train, self.thinned])
        return pair_matrix(pairs, len(self.users), len(self.items))


@dataclass(frozen=True)
class Dataset(TuningView):
    """Binary interactions between users and items, with their texts.

    Attributes:
        test: Pairs as positions in ``users`` and ``items``, [E, 2].
        texts: A text for every user and item, or None.
        notes: What a reader of the results must know, one sentence each.
        titles: A title for every item, or None. Items of equal title are duplicates.
        reviews: Ratings and reviews of the train pairs, or None.
        facts: Titles and descriptions of items, or None. Written intents are made from them.
    """

    test: np.ndarray
    texts: Texts | None = None
    notes: tuple[str, ...] = ()
    titles: tuple[str, ...] | None = None
    reviews: Reviews | None = None
    facts: ItemFacts | None = None

    splits: ClassVar[tuple[str, ...]] = SPLITS

    def tuning_view(self) -> TuningView:
        """The dataset without its test pairs."""
        return TuningView(self.name, self.users, self.items, self.train, self.valid, thinned=self.thinned)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over ids, pairs and texts, in hexadecimal."""
        texts = (MEAN_ROWS if texts is None else "\0".join(texts).encode() for texts in self.texts or ())
        return digest([*self._ids_and_pairs(), *texts])

    @cached_property
    def split_checksum(self) -> str:
        """A hash of the ids and the pairs alone: 16 hexadecimal digits. It names the split."""
        return digest(self._ids_and_pairs())[:16]

    def _ids_and_pairs(self) -> list[bytes]:
        parts = ["\0".join(tokens).encode() for tokens in (self.users, self.items)]
        thinned = [self.thinned] if len(self.thinned) else []
        for pairs in [*(self.pairs(split) for split in SPLITS), *thinned]:
            parts.append(np.ascontiguousarray(in_order(pairs, len(self.items)), dtype="<i8").tobytes())
        return parts


def digest(parts: Iterable[bytes]) -> str:
    """SHA-256 of ``parts``, each preceded by its length, in hexadecimal."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()
