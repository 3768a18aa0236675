"""Makes the documents that a writer reads, one for each item and user, from train pairs alone."""

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
    """What a plan says of the content and the length of documents."""

    fields: tuple[FieldName, ...] = Field(
        ("title", "about", "rating", "review"), description="what goes into a document"
    )
    reviews: int = Field(8, ge=0, description="train reviews that are sampled for each item")
    items: int = Field(12, ge=1, description="train items that are sampled for each user")
    review_words: int = Field(60, ge=1, description="words that are kept of each review")
    about_words: int = Field(
        60, ge=1, description="words that are kept of each description and of each quoted profile"
    )
    words: int = Field(600, ge=10, description="words that are kept of each document")


@dataclass(frozen=True)
class TrainLog:
    """All that profiles and intents may be made of. It has no field for a held-out pair.

    Attributes:
        users, items: Tokens, [U] and [I].
        pairs: Train pairs as positions in ``users`` and ``items``, [E, 2].
        reviews: The review of each pair, [E]; empty if there is none.
        ratings: The rating of each pair, [E]; NaN if there is none.
        titles, abouts: The title and the description of each item, [I]; empty if unknown.
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
        """The train pairs of a dataset, with their reviews and ratings and with the facts about items.

        Raises:
            InputError: The dataset has no review, no title and no description.
        """
        pairs, blank = len(dataset.train), ("",) * len(dataset.items)
        reviews = dataset.reviews.texts if dataset.reviews else ("",) * pairs
        ratings = dataset.reviews.ratings if dataset.reviews else np.full(pairs, np.nan)
        titles, abouts = dataset.facts if dataset.facts else (blank, blank)
        if not any(reviews) and not any(titles) and not any(abouts):
            raise InputError(
                f"dataset {dataset.name!r} has no reviews, titles or descriptions to write intents from; "
                "expected a `review` column or an `items` file in its `source`"
            )
        return cls(dataset.users, dataset.items, dataset.train, reviews, ratings, titles, abouts)

    def rows_by(self, column: int, count: int, tokens: np.ndarray) -> list[np.ndarray]:
        """The train pairs of each node, as rows of ``pairs``, in a random order that is always the same.

        The order is drawn from the two tokens of each pair, so the sample of one node does not depend on
        what else the dataset holds.

        Args:
            column: 0 for users, 1 for items.
            count: Number of nodes on that side.
            tokens: The tokens of the other side.
        """
        own, other = self.pairs[:, column], self.pairs[:, 1 - column]
        own_tokens = self.users if column == 0 else self.items
        draws = [
            hashlib.sha256(f"{own_tokens[a]}\0{tokens[b]}".encode()).digest()
            for a, b in zip(own, other, strict=True)
        ]
        order = np.array(sorted(range(len(own)), key=lambda row: (own[row], draws[row])), dtype=np.int64)
        return np.split(order, np.cumsum(np.bincount(own, minlength=count))[:-1])


def item_documents(log: TrainLog, spec: DocumentSpec) -> list[str]:
    """One document for each item, [I]: its title, its description and a sample of its train reviews.

    The document of an item of which nothing is known is empty.
    """
    documents = []
    for item, rows in enumerate(log.rows_by(1, len(log.items), log.users)):
        lines = list(_facts(log, item, spec))
        reviews = [review for row in rows if (review := _review(log, row, spec))][: spec.reviews]
        lines += ["Reviews:", *(f"- {review}" for review in reviews)] if reviews else []
        documents.append(cut("\n".join(lines), spec.words))
    return documents


def user_documents(log: TrainLog, profiles: Sequence[str], spec: DocumentSpec) -> list[str]:
    """One document for each user, [U]: a sample of the train items with the user's own ratings and reviews.

    Args:
        log: The train pairs.
        profiles: The written profile of each item, [I]; empty if there is none.
        spec: What goes into a document, and how much.
    """
    documents = []
    for rows in log.rows_by(0, len(log.users), log.items):
        blocks = [block for row in rows[: spec.items] if (block := _train_item(log, row, profiles, spec))]
        documents.append(cut("\n".join(blocks), spec.words))
    return documents


def _facts(log: TrainLog, item: int, spec: DocumentSpec) -> Iterator[str]:
    if "title" in spec.fields and log.titles[item]:
        yield f"Title: {log.titles[item]}"
    if "about" in spec.fields and log.abouts[item]:
        yield f"About: {cut(log.abouts[item], spec.about_words)}"


def _review(log: TrainLog, row: int, spec: DocumentSpec) -> str:
    """A pair's review behind its rating; empty if there is no review."""
    review = cut(log.reviews[row], spec.review_words) if "review" in spec.fields else ""
    return f"{_rating(log, row, spec)}{review}" if review else ""


def _rating(log: TrainLog, row: int, spec: DocumentSpec) -> str:
    rating = log.ratings[row]
    return "" if "rating" not in spec.fields or np.isnan(rating) else f"(rated {rating:g}) "


def _train_item(log: TrainLog, row: int, profiles: Sequence[str], spec: DocumentSpec) -> str:
    """The lines of a user's document about one train item; empty if nothing is known of the item."""
    item = int(log.pairs[row, 1])
    lines = list(_facts(log, item, spec))
    if profiles[item]:
        lines.append(f"What it is like: {cut(profiles[item], spec.about_words)}")
    review = _review(log, row, spec)
    if not lines and not review:
        return ""
    own = f"Wrote: {review}" if review else _rating(log, row, spec).strip()
    return "- " + "\n  ".join([*lines, own] if own else lines)


def cut(text: str, words: int) -> str:
    """At most the first ``words`` words. A text that is short enough keeps its line breaks."""
    kept = text.split()
    return text.strip() if len(kept) <= words else " ".join(kept[:words])
