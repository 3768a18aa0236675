"""From a source and a split in a plan to a dataset, with every check on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from harness.data import duplicate_items, movielens, sources
from harness.data.coverage import untested_note, without_negatives_note
from harness.data.dataset import SPLITS, Dataset
from harness.data.interactions import Log, core
from harness.data.joins import same_form_note
from harness.data.probes import later_train_note, named_items_note
from harness.data.repeated_pairs import drop_repeats, refuse_repeats
from harness.data.reviews import item_facts, train_reviews
from harness.data.spec import Atomic, Frame, Matrices, Movielens, OutsideTable, SourceSpec, SplitSpec, Table
from harness.data.splits import carve_valid, labels
from harness.data.texts import texts_of, titles_of
from harness.data.thinning import thin
from harness.data.windows import UNUSED, prequential
from harness.errors import InputError


def prepare(
    name: str, source: SourceSpec, split: SplitSpec, seed: int, density: float = 1.0, merged: bool = False
) -> Dataset:
    """Read, filter, check and split interactions, then merge duplicates, thin train pairs and attach texts.

    Texts come last, so that none of them is made from a pair that is not a train pair in the end.

    Raises:
        InputError: One sentence naming file, row and id of what is wrong.
    """
    dataset = _interactions(name, source, split, seed)
    group = duplicate_items.groups(dataset)
    duplicates = duplicate_items.note(dataset, group)
    dataset = replace(dataset, notes=(*dataset.notes, *([duplicates] if duplicates else [])))
    if merged:
        dataset = duplicate_items.merge(dataset, group)
    if density < 1:
        dataset = thin(dataset, density, seed)
    coverage = (untested_note(dataset, split.kind, merged), without_negatives_note(dataset))
    texts, notes = texts_of(source, dataset.users, dataset.items, dataset.train)
    dataset = replace(dataset, texts=texts)
    last = filter(None, (*coverage, named_items_note(dataset)))
    return replace(dataset, notes=(*notes, *dataset.notes, *last))


def _interactions(name: str, source: SourceSpec, split: SplitSpec, seed: int) -> Dataset:
    """The dataset before anything is merged or thinned, and without texts."""
    log = _read(source)
    frame, repeated = _positives(log, source)
    parts, notes = _split(frame, log.origin, split, seed)
    if split.kind == "prequential":
        frame, parts = frame[parts != UNUSED], parts[parts != UNUSED]
    users = log.users if log.users is not None else _sorted_ids(frame["user"])
    items = log.items if log.items is not None else _sorted_ids(frame["item"])
    keys = _positions(frame["user"], users) * len(items) + _positions(frame["item"], items)
    train, valid, test = (_pairs(keys[parts == label], len(items)) for label in SPLITS)
    for label, part in zip(SPLITS, (train, valid, test), strict=True):
        if len(part) == 0:
            raise InputError(f"{log.origin}: the {label} split is empty; expected at least one pair")
    reviews, on_reviews = train_reviews(frame, np.flatnonzero(parts == "train"), keys)
    titles, on_titles = titles_of(source, items)
    facts, on_facts = item_facts(source, items)
    alike = [] if log.users is not None else [same_form_note(users, "user"), same_form_note(items, "item")]
    notes = (*log.notes, *repeated, *notes, *filter(None, alike), *on_titles, *on_reviews, *on_facts)
    return Dataset(
        name, users, items, train, valid, test, notes=notes, titles=titles, reviews=reviews, facts=facts
    )


def _read(source: SourceSpec) -> Log:
    """The interactions of a source."""
    match source:
        case Movielens():
            return sources.read_atomic(movielens.folder())
        case Matrices():
            return sources.read_matrices(source.folder, source.min_rating)
        case Table():
            return sources.read_table(source.path, source.columns)
        case Frame():
            return sources.read_data_frame(source.frame, source.columns)
        case OutsideTable():
            return sources.read_outside(source.reader, source.options, source.columns)
        case Atomic():
            return sources.read_atomic(source.folder)


def _positives(log: Log, source: SourceSpec) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Positive interactions, each pair once, then their k-core; and a note on rows that were dropped."""
    frame = log.frame
    notes: tuple[str, ...] = ()
    if source.duplicates != "refuse":
        # The row that is kept decides whether the pair is positive, so rows are dropped before the filter.
        frame, notes = drop_repeats(frame, source.duplicates, log.origin)
    if source.min_rating is not None:
        if "rating" not in frame:
            raise InputError(f"{log.origin}: min_rating needs a rating column; the source gives none")
        frame = frame[frame["rating"] >= source.min_rating]
    if source.core:
        frame = core(frame, source.core)
    if frame.empty:
        raise InputError(f"{log.origin}: no users and items are left; expected at least one interaction")
    refuse_repeats(frame, log.place)
    return frame, notes


def _split(
    frame: pd.DataFrame, origin: str, split: SplitSpec, seed: int
) -> tuple[pd.Categorical, tuple[str, ...]]:
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
    given = frame["split"].array
    return given if (given == "valid").any() else carve_valid(given, split.valid_share, seed), ()


def _sorted_ids(column: pd.Series) -> np.ndarray:
    """Every id once: numbers by their value, then words by their letters."""
    present = np.bincount(column.cat.codes, minlength=len(column.cat.categories)) > 0
    return np.array(
        sorted(
            column.cat.categories[present],
            key=lambda name: (not name.isdecimal(), len(name) * name.isdecimal(), name),
        )
    )


def _positions(column: pd.Series, ids: np.ndarray) -> np.ndarray:
    """The position in ``ids`` of the id of each row, [n] int64."""
    position_of = pd.Index(ids).get_indexer(column.cat.categories).astype(np.int64)
    positions: np.ndarray = position_of[column.cat.codes]
    return positions


def _pairs(keys: np.ndarray, items: int) -> np.ndarray:
    """The pairs with these keys by user, then by item, [n, 2]."""
    return np.stack(np.divmod(np.sort(keys), max(items, 1)), axis=1)
