"""What the columns of a table are likely to hold, guessed from their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.text_files import cells, read_frame, require_columns
from harness.data.times import no_time
from harness.errors import InputError

SAMPLE_ROWS = 200
"""Rows that are looked at, beside the names of the columns."""

USER = ("user", "customer", "reviewer", "member", "visitor", "client", "account", "reader")
ITEM = (
    "item", "product", "asin", "movie", "film", "book", "isbn", "business", "song", "track", "artist",
    "article", "news", "game", "app", "recipe", "venue", "place", "poi", "video", "sku",
)  # fmt: skip
"""What users and items are called. A column's name may add one of ``ID_ENDINGS``, as in ``movieId``."""

ID_ENDINGS = ("", "s", "id", "ids", "key", "code", "no", "nr", "number", "index", "idx", "token")
SHORT_USER, SHORT_ITEM = ("uid", "u", "username"), ("iid", "i", "parentasin")
RATING = ("rating", "ratings", "stars", "star", "score", "overall", "rate", "grade")
TIME = (
    "timestamp", "time", "date", "datetime", "ts", "unixreviewtime", "reviewtime", "createdat", "created",
)  # fmt: skip
SPLIT = ("split", "set", "subset", "partition", "fold")
REVIEW = ("reviewtext", "review", "text", "comment", "summary", "reviewtitle", "reviewsummary", "body")
TEXT = (
    "title", "name", "profile", "description", "text", "summary", "brand", "category", "categories", "genre",
    "genres", "plot", "overview", "features", "about", "tags", "facts", "abstract",
)  # fmt: skip
"""What the other columns are called, compared without signs and capital letters."""

LABELS = {
    "train": ("train", "trn", "tr", "training"),
    "valid": ("valid", "val", "vld", "dev", "validation"),
    "test": ("test", "tst", "te", "testing"),
}
"""What the parts of a split are called."""


@dataclass(frozen=True)
class TableColumns:
    """Which column of a table holds what; None and () where no column does.

    Attributes:
        labels: The table's name of each part of the split.
        review: What a user wrote of an item.
        text: What describes a user or an item, in a table that has only one of them.
        left_out: Columns that look like a rating or a time, and why they cannot be used.
    """

    path: Path
    names: tuple[str, ...]
    user: str | None = None
    item: str | None = None
    rating: str | None = None
    timestamp: str | None = None
    split: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    review: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)


def guess_columns(path: Path, user: str | None = None, item: str | None = None) -> TableColumns:
    """Guess what a table's columns hold; ``user`` and ``item`` are given where they are known.

    Raises:
        InputError: The file cannot be read, or lacks a column that is given.
    """
    sample = read_frame(path, most=SAMPLE_ROWS)
    names = tuple(dict.fromkeys(sample.columns))
    if sample.empty:
        raise InputError(f"{path}: the file has no rows; expected one for each interaction")
    for given in (user, item):
        if given is not None and given not in names:
            raise InputError(f"{path}: there is no column {given!r}; expected one of {', '.join(names)}")
    user = user or _id_column(names, USER, SHORT_USER)
    item = item or _id_column([name for name in names if name != user], ITEM, SHORT_ITEM)
    rest = [name for name in names if name not in (user, item)]
    if user is None or item is None:
        return TableColumns(path, names, user, item, text=_all_named(rest, TEXT))
    rating, time = _first_named(rest, RATING), _first_named(rest, TIME)
    require_columns(path, list(sample), [name for name in (user, item, rating, time) if name is not None])
    left_out = {}
    if rating is not None and (value := _not_a_number(sample[rating])) is not None:
        left_out[rating] = f"its value {value!r} is not a number"
    if time is not None and (value := no_time(sample[time])) is not None:
        left_out[time] = f"its value {value!r} is not a number"
    split, labels = _split(path, rest)
    return TableColumns(
        path, names, user, item,
        rating=None if rating in left_out else rating,
        timestamp=None if time in left_out else time,
        split=split,
        labels=labels,
        review=_all_named([name for name in rest if name != split], REVIEW),
        left_out=left_out,
    )  # fmt: skip


def _plain(name: str) -> str:
    """A column's name as names are compared: small letters and digits, without RecBole's type."""
    return re.sub(r"[^a-z0-9]", "", name.partition(":")[0].lower())


def _id_column(names: Iterable[str], nouns: Iterable[str], short: Iterable[str]) -> str | None:
    wanted = [noun + ending for noun in nouns for ending in ID_ENDINGS]
    return _first_named(names, [*wanted, *short])


def _first_named(names: Iterable[str], wanted: Iterable[str]) -> str | None:
    """The column whose name comes first among those that are wanted."""
    known = {_plain(name): name for name in reversed(list(names))}
    return next((known[each] for each in wanted if each in known), None)


def _all_named(names: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if _plain(name) in wanted)


def _not_a_number(values: Iterable[str]) -> str | None:
    """The first value of a column that is no number, or None."""
    for value in values:
        try:
            float(value)
        except ValueError:
            return value
    return None


def _split(path: Path, names: Iterable[str]) -> tuple[str | None, dict[str, str]]:
    """The column that says which part of the split a row belongs to, and the table's names of the parts."""
    for name in _all_named(names, SPLIT):
        labels = _labels(cells(path, name))
        if {"train", "test"} <= set(labels.values()):
            return name, labels
    return None, {}


def _labels(values: Iterable[str]) -> dict[str, str]:
    """The part of the split that each different value means; none if one of them means no part."""
    parts = {word: part for part, words in LABELS.items() for word in words}
    labels: dict[str, str] = {}
    for value in values:
        if value.lower() not in parts:
            return {}
        labels[value] = parts[value.lower()]
    return labels
