"""The wanted columns of a table under our names, checked: ids, numbers, times, splits and reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from harness.data.arrow_columns import as_text, encoded, numbers
from harness.data.dataset import SPLITS
from harness.data.interactions import IDS, Log, Part, together
from harness.data.times import form_note, is_date, other_unit, times
from harness.errors import InputError


class TableColumns(NamedTuple):
    """Which columns of a table hold what.

    Attributes:
        names: Our column name to the table's. ``user`` and ``item`` are needed; ``rating``, ``timestamp``
            and ``split`` may be there.
        labels: The table's split label to one of ``SPLITS``.
        review: The table's columns that make up our column ``review``.
    """

    names: Mapping[str, str]
    labels: Mapping[str, str] = {}
    review: Sequence[str] = ()

    @property
    def plain(self) -> list[str]:
        """The table's columns of ids, numbers and labels."""
        return list(self.names.values())

    @property
    def repeated(self) -> list[str]:
        """The table's columns in which a value stands in many rows."""
        return [self.names[ours] for ours in (*IDS, "split") if ours in self.names]


class Rows(NamedTuple):
    """The rows of one file: the file, the rows under our names, and the form of its times."""

    part: Part
    frame: pd.DataFrame
    form: str | None


def rows_of(part: Part, table: pa.Table, columns: TableColumns) -> Rows:
    """The wanted columns of a file under our names, checked.

    Raises:
        InputError: A row lacks an id, has a rating or time that is no number, or a split that is unknown.
    """
    cells = {ours: table[theirs] for ours, theirs in columns.names.items()}
    checked, form = {side: encoded(cells[side]) for side in IDS}, None
    for side in IDS:
        _require_ids(part, checked[side], side)
    if "rating" in cells:
        checked["rating"] = _finite(part, "rating", cells["rating"], numbers(cells["rating"]))
    if "timestamp" in cells:
        values, form = times(cells["timestamp"])
        expected = "a date as in the first row" if is_date(form) else "a number"
        checked["timestamp"] = _finite(part, "timestamp", cells["timestamp"], values, expected)
        _require_one_unit(part, cells["timestamp"], values)
    if "split" in cells:
        checked["split"] = _splits(part, encoded(cells["split"]), columns.labels)
    if columns.review:
        texts = [as_text(table[name]) for name in columns.review]
        joined = pc.utf8_trim(pc.binary_join_element_wise(*texts, ". "), characters=". \n")
        checked["review"] = pd.array(joined, dtype=pd.ArrowDtype(joined.type))
    return Rows(part, pd.DataFrame(checked, copy=False), form)


def log_of(origin: str, rows: Sequence[Rows]) -> Log:
    """The rows of all files of a source.

    Raises:
        InputError: The files have times of several forms.
    """
    note = form_note(origin, {one.form for one in rows if one.form})
    frame = together([one.frame for one in rows])
    return Log(frame, tuple(one.part for one in rows), origin, notes=(note,) if note else ())


def _require_ids(part: Part, ids: pd.Categorical, side: str) -> None:
    blank = [number for number, name in enumerate(ids.categories) if not name.strip()]
    if blank:
        row = int(np.argmax(np.isin(ids.codes, blank)))
        raise InputError(f"{part.place(row)}: no {side} id; expected one in every row")


def _finite(
    part: Part, column: str, cells: pa.ChunkedArray, values: np.ndarray, expected: str = "a number"
) -> np.ndarray:
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad))
        cell = as_text(cells.slice(row, 1))[0].as_py()
        raise InputError(f"{part.place(row)}: {column} is {cell!r}; expected {expected}")
    return values


def _require_one_unit(part: Part, cells: pa.ChunkedArray, values: np.ndarray) -> None:
    other = other_unit(values)
    if other is not None:
        row, unit = other
        cell = as_text(cells.slice(row, 1))[0].as_py()
        raise InputError(
            f"{part.place(row)}: timestamp is {cell!r}, which is in {unit}, unlike the first row; expected "
            "one unit in all rows"
        )


def _splits(part: Part, given: pd.Categorical, labels: Mapping[str, str]) -> pd.Categorical:
    """The split of each row, [n]."""
    names = {**{split: split for split in SPLITS}, **labels}
    number_of = np.array([SPLITS.index(names[name]) if name in names else -1 for name in given.categories])
    splits = number_of.astype(np.int8)[given.codes] if len(number_of) else np.empty(0, np.int8)
    if len(splits) and splits.min() < 0:
        row = int(np.argmin(splits))
        name = given.categories[given.codes[row]]
        raise InputError(f"{part.place(row)}: split {name!r}; expected one of {sorted(names)}")
    return pd.Categorical.from_codes(splits, SPLITS)
