"""Reviews and ratings of the train pairs, and facts about items: what written intents are made from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.data import movielens
from harness.data.counts import counted
from harness.data.dataset import ItemFacts, Reviews
from harness.data.joins import texts_by_id
from harness.data.spec import Movielens, SourceSpec


def train_reviews(
    frame: pd.DataFrame, train: np.ndarray, keys: np.ndarray
) -> tuple[Reviews | None, tuple[str, ...]]:
    """What users said in the train rows, in the order of the train pairs, and a note if reviews are missing.

    None if the source has neither reviews nor ratings.

    Args:
        frame: The interactions of a :class:`harness.data.interactions.Log`.
        train: The positions of the train rows, [E].
        keys: A number for each row that orders the pairs, [n].
    """
    if not {"review", "rating"} & set(frame.columns):
        return None, ()
    train = train[np.argsort(keys[train])]
    texts = frame["review"].iloc[train].tolist() if "review" in frame else [""] * len(train)
    ratings = (
        frame["rating"].to_numpy()[train].astype(float) if "rating" in frame else np.full(len(train), np.nan)
    )
    written = sum(map(bool, texts))
    notes: tuple[str, ...] = ()
    if "review" in frame and written < len(texts):
        notes = (f"{written:,} of {counted(len(texts), 'train pair')} have a review",)
    return Reviews(tuple(texts), ratings), notes


def item_facts(source: SourceSpec, items: np.ndarray) -> tuple[ItemFacts | None, tuple[str, ...]]:
    """Titles and descriptions of items [I], empty if the file has none, and notes on them.

    Raises:
        InputError: The file cannot be read or lacks a column, has two rows for an id, or has none of the
            items.
    """
    file = source.items
    if file is None:
        return (movielens.facts(items) if isinstance(source, Movielens) else None), ()
    title = [file.title] if file.title else []
    about = [file.about] if isinstance(file.about, str) else list(file.about)
    columns = {"title": title, "about": about}
    texts, match = texts_by_id(file.path, file.id, columns, items, "item", "title or description")
    return ItemFacts(tuple(texts["title"]), tuple(texts["about"])), match.notes
