"""From a source and a split in a plan to a dataset, with every check on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from harness.data import duplicate_items, movielens, sources
from harness.data.coverage import untested_note, without_negatives_note
from harness.data.dataset import SPLITS, Dataset
from harness.data.joins import same_form_note
from harness.data.probes import later_train_note, named_items_note
from harness.data.repeated_pairs import drop_repeats, refuse_repeats
from harness.data.reviews import item_facts, train_reviews
from harness.data.spec import Atomic, Matrices, Movielens, SourceSpec, SplitSpec, Table
from harness.data.splits import carve_valid, labels
from harness.data.texts import texts_of, titles_of
from harness.data.thinning import thin
from harness.data.windows import UNUSED, prequential
from harness.errors import InputError


@dataclass(frozen=True)
class _Raw:
    """Interactions as a source gives them.

    Attributes:
        frame: One row for each interaction, as :mod:`harness.data.sources` reads them.
        origin: What to call the source in an error.
        users, items: All ids, if the source has some without interactions; otherwise None.
    """

    frame: pd.DataFrame
    origin: str
    users: np.ndarray | None = None
    items: np.ndarray | None = None


def prepare(
    name: str, source: SourceSpec, split: SplitSpec, seed: int, density: float = 1.0, merged: bool = False
) -> Dataset:
    """Read, filter, check and split interactions, then merge duplicates, thin train pairs and attach texts.

    Texts come last, so that none of them is made from a pair that is not a train pair in the end.

    Raises:
        InputError: One sentence naming file, row and id of what is wrong.
    """
    dataset = _interactions(name, source, split, seed)
    duplicates = duplicate_items.note(dataset)
    dataset = replace(dataset, notes=(*dataset.notes, *([duplicates] if duplicates else [])))
    if merged:
        dataset = duplicate_items.merge(dataset)
    if density < 1:
        dataset = thin(dataset, density, seed)
    coverage = (untested_note(dataset, split.kind, merged), without_negatives_note(dataset))
    texts, notes = texts_of(source, dataset.users, dataset.items, dataset.train)
    dataset = replace(dataset, texts=texts)
    last = filter(None, (*coverage, named_items_note(dataset)))
    return replace(dataset, notes=(*notes, *dataset.notes, *last))


def _interactions(name: str, source: SourceSpec, split: SplitSpec, seed: int) -> Dataset:
    """The dataset before anything is merged or thinned, and without texts."""
    raw = _read(source)
    frame, repeated = _positives(raw, source)
    parts, notes = _split(frame, raw.origin, split, seed)
    frame, parts = frame[parts != UNUSED], parts[parts != UNUSED]
    users = raw.users if raw.users is not None else _sorted_ids(frame["user"])
    items = raw.items if raw.items is not None else _sorted_ids(frame["item"])
    at_user = pd.Index(users).get_indexer(pd.Index(frame["user"]))
    at_item = pd.Index(items).get_indexer(pd.Index(frame["item"]))
    pairs = np.stack([at_user, at_item], axis=1).astype(np.int64)
    train, valid, test = (_ordered(pairs[parts == label]) for label in SPLITS)
    for label, part in zip(SPLITS, (train, valid, test), strict=True):
        if len(part) == 0:
            raise InputError(f"{raw.origin}: the {label} split is empty; expected at least one pair")
    kept = frame[parts == "train"].iloc[_order(pairs[parts == "train"])]
    titles, on_titles = titles_of(source, items)
    reviews, on_reviews = train_reviews(kept)
    facts, on_facts = item_facts(source, items)
    alike = [] if raw.users is not None else [same_form_note(users, "user"), same_form_note(items, "item")]
    notes = (*repeated, *notes, *filter(None, alike), *on_titles, *on_reviews, *on_facts)
    return Dataset(
        name, users, items, train, valid, test, notes=notes, titles=titles, reviews=reviews, facts=facts
    )


def _read(source: SourceSpec) -> _Raw:
    """The interactions of a source."""
    match source:
        case Movielens():
            folder = movielens.folder()
            return _Raw(sources.read_atomic(folder), str(folder))
        case Matrices():
            frame, users, items = sources.read_matrices(source.folder, source.min_rating)
            ids = (np.arange(count).astype(str) for count in (users, items))
            return _Raw(frame, str(source.folder), *ids)
        case Table():
            wanted = ("user", "item", "rating", "timestamp", "split")
            columns = {ours: getattr(source, ours) for ours in wanted if getattr(source, ours)}
            review = [source.review] if isinstance(source.review, str) else source.review
            frame = sources.read_table(source.path, columns, dict(source.labels), review)
            return _Raw(frame, str(source.path))
        case Atomic():
            return _Raw(sources.read_atomic(source.folder), str(source.folder))


def _positives(raw: _Raw, source: SourceSpec) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Positive interactions, each pair once, then their k-core; and a note on rows that were dropped."""
    frame = raw.frame
    notes: tuple[str, ...] = ()
    if source.duplicates != "refuse":
        # The row that is kept decides whether the pair is positive, so rows are dropped before the filter.
        frame, notes = drop_repeats(frame, source.duplicates, raw.origin)
    if source.min_rating is not None:
        if "rating" not in frame:
            raise InputError(f"{raw.origin}: min_rating needs a rating column; the source gives none")
        frame = frame[frame["rating"] >= source.min_rating]
    before = -1
    while source.core and len(frame) != before:
        before = len(frame)
        for side in ("user", "item"):
            frame = frame[frame.groupby(side)[side].transform("size") >= source.core]
    if frame.empty:
        raise InputError(f"{raw.origin}: no users and items are left; expected at least one interaction")
    frame = frame.reset_index(drop=True)
    refuse_repeats(frame)
    return frame, notes


def _split(
    frame: pd.DataFrame, origin: str, split: SplitSpec, seed: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """A label for each row, and what a reader of the results must know about the split."""
    if split.kind == "prequential":
        parts, note = prequential(frame, split.windows, split.window or 1, split.valid_share, origin)
        return parts, (note,)
    if split.kind != "given":
        parts = labels(frame, split.kind, list(split.shares), seed, origin)
        later = later_train_note(frame, parts, split.kind)
        return parts, (later,) if later else ()
    if "split" not in frame:
        raise InputError(
            f"{origin}: the split is `given`, and the source has none; name its column or another kind"
        )
    given = frame["split"].to_numpy(dtype=object)
    return given if "valid" in given else carve_valid(given, split.valid_share, seed), ()


def _sorted_ids(column: pd.Series) -> np.ndarray:
    """Every id once: numbers by their value, then words by their letters."""
    unique = column.unique()
    return np.array(
        sorted(unique, key=lambda name: (not name.isdecimal(), len(name) * name.isdecimal(), name))
    )


def _order(pairs: np.ndarray) -> np.ndarray:
    """The order of a split's pairs: by user, then by item."""
    order: np.ndarray = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return order


def _ordered(pairs: np.ndarray) -> np.ndarray:
    """A split's pairs by user, then by item."""
    rows: np.ndarray = pairs[_order(pairs)]
    return rows
