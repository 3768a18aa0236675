"""What documents are made of beside the train pairs: their reviews and ratings, and facts about items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.data import movielens, sources
from harness.data.dataset import ItemFacts, Reviews
from harness.data.spec import ItemFile, Movielens, SourceSpec


def train_reviews(rows: pd.DataFrame) -> Reviews | None:
    """What was said in the train rows, given in the order of the train pairs; None where nothing can be."""
    if not {"review", "rating"} & set(rows.columns):
        return None
    texts = rows["review"].tolist() if "review" in rows else [""] * len(rows)
    ratings = rows["rating"].to_numpy(float) if "rating" in rows else np.full(len(rows), np.nan)
    return Reviews(tuple(texts), ratings)


def item_facts(source: SourceSpec, items: np.ndarray) -> ItemFacts | None:
    """Titles and descriptions in token order; empty for items that the file does not know."""
    if source.items is None:
        return movielens.facts(items) if isinstance(source, Movielens) else None
    return _read(source.items, items)


def _read(file: ItemFile, items: np.ndarray) -> ItemFacts:
    frame = sources.read_frame(file.path)
    title = [file.title] if file.title else []
    about = [file.about] if isinstance(file.about, str) else list(file.about)
    sources.require_columns(file.path, frame, [file.id, *title, *about])
    ids = sources.ids_once(file.path, frame[file.id], "item", "entries")
    sides = {name: sources.joined(frame, columns) for name, columns in (("title", title), ("about", about))}
    known = pd.DataFrame(sides).set_axis(ids.to_numpy()).reindex(items, fill_value="")
    return ItemFacts(tuple(known["title"]), tuple(known["about"]))
