"""Documents a writer reads: what train pairs say of an item, and of a user. Nothing held out comes here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.schema import StrictModel

FieldName = Literal["title", "about", "rating", "review"]


class DocumentSpec(StrictModel):
    """What goes into documents, and how much of it."""

    fields: tuple[FieldName, ...] = ("title", "about", "rating", "review")
    reviews: int = Field(8, ge=0, description="train reviews sampled an item")
    items: int = Field(12, ge=1, description="train items sampled a user")
    review_words: int = Field(60, ge=1, description="words kept of a review")
    about_words: int = Field(60, ge=1, description="words kept of a description, or of an item's profile")
    words: int = Field(600, ge=10, description="words kept of a document")


@dataclass(frozen=True)
class TrainLog:
    """All that texts may be made from; a held-out pair has no place in it.

    Attributes:
        users, items: Tokens, [U] and [I].
        pairs: Train pairs as positions, [E, 2].
        reviews: What was written in each pair, [E]; empty where nothing was.
        ratings: Of each pair, [E]; NaN where there is none.
        titles, abouts: Of each item, [I]; empty where unknown.
    """

    users: np.ndarray
    items: np.ndarray
    pairs: np.ndarray
    reviews: Sequence[str]
    ratings: np.ndarray
    titles: Sequence[str]
    abouts: Sequence[str]

    @classmethod
    def of(cls, dataset: Dataset) -> TrainLog:
        """The train pairs of a dataset with what is known of them.

        Raises:
            InputError: There is neither a review nor a title or description.
        """
        pairs, blank = len(dataset.train), ("",) * len(dataset.items)
        said, facts = dataset.reviews, dataset.facts
        reviews = said.texts if said else ("",) * pairs
        ratings = said.ratings if said else np.full(pairs, np.nan)
        titles, abouts = facts if facts else (blank, blank)
        if not any(reviews) and not any(titles) and not any(abouts):
            raise InputError(
                f"dataset {dataset.name!r} has no reviews, titles or descriptions to write intents from; "
                "give its source `review` columns or an `items` file"
            )
        return cls(dataset.users, dataset.items, dataset.train, reviews, ratings, titles, abouts)

    def rows_by(self, column: int, count: int, tokens: np.ndarray) -> list[np.ndarray]:
        """Each node's train pairs, as rows of ``pairs``, in a random order that never changes.

        A pair's place depends on its two tokens alone, so that a sample of one node's pairs stays
        the same whatever else the dataset holds.

        Args:
            column: 0 for users, 1 for items.
            count: Number of nodes on that side.
            tokens: The tokens of the other side.
        """
        own, other = self.pairs[:, column], self.pairs[:, 1 - column]
        mine = self.users if column == 0 else self.items
        drawn = [
            hashlib.sha256(f"{mine[a]}\0{tokens[b]}".encode()).digest()
            for a, b in zip(own, other, strict=True)
        ]
        order = np.array(sorted(range(len(own)), key=lambda row: (own[row], drawn[row])), dtype=np.int64)
        return np.split(order, np.cumsum(np.bincount(own, minlength=count))[:-1])


def item_documents(log: TrainLog, spec: DocumentSpec) -> list[str]:
    """One document an item: title, description, a sample of its train reviews. Empty if nothing is known."""
    rows_by_item = log.rows_by(1, len(log.items), log.users)
    documents = []
    for item, rows in enumerate(rows_by_item):
        lines = list(_facts(log, item, spec))
        said = [_said(log, row, spec) for row in rows]
        reviews = [line for line in said if line][: spec.reviews]
        lines += ["Reviews:", *(f"- {line}" for line in reviews)] if reviews else []
        documents.append(cut("\n".join(lines), spec.words))
    return documents


def user_documents(log: TrainLog, profiles: Sequence[str], spec: DocumentSpec) -> list[str]:
    """One document a user: a sample of the train items with this user's own ratings and reviews.

    Args:
        log: The train pairs.
        profiles: What was written of each item, [I]; empty where nothing was.
        spec: What goes in, and how much.
    """
    rows_by_user = log.rows_by(0, len(log.users), log.items)
    documents = []
    for rows in rows_by_user:
        blocks = [block for row in rows[: spec.items] if (block := _chosen(log, row, profiles, spec))]
        documents.append(cut("\n".join(blocks), spec.words))
    return documents


def _facts(log: TrainLog, item: int, spec: DocumentSpec) -> Iterator[str]:
    if "title" in spec.fields and log.titles[item]:
        yield f"Title: {log.titles[item]}"
    if "about" in spec.fields and log.abouts[item]:
        yield f"About: {cut(log.abouts[item], spec.about_words)}"


def _said(log: TrainLog, row: int, spec: DocumentSpec) -> str:
    """A pair's review with its rating; empty without a review."""
    review = cut(log.reviews[row], spec.review_words) if "review" in spec.fields else ""
    return f"{_rating(log, row, spec)}{review}" if review else ""


def _rating(log: TrainLog, row: int, spec: DocumentSpec) -> str:
    rating = log.ratings[row]
    return "" if "rating" not in spec.fields or np.isnan(rating) else f"(rated {rating:g}) "


def _chosen(log: TrainLog, row: int, profiles: Sequence[str], spec: DocumentSpec) -> str:
    """What a user's document says of one train item."""
    item = int(log.pairs[row, 1])
    facts = list(_facts(log, item, spec))
    if profiles[item]:
        facts.append(f"What it is like: {cut(profiles[item], spec.about_words)}")
    said = _said(log, row, spec)
    own = f"Wrote: {said}" if said else _rating(log, row, spec).strip()
    return "- " + "\n  ".join([*facts, own] if own else facts) if facts or said else ""


def cut(text: str, words: int) -> str:
    """At most the first ``words`` words; line breaks stay where nothing is cut away."""
    kept = text.split()
    return text.strip() if len(kept) <= words else " ".join(kept[:words])
