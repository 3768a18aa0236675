"""Text files as tables whose cells are all text: csv, tsv, RecBole's atomic files and JSON lines.

JSON lines are read by Python's json module, because it alone can leave numbers as they are written. Parquet
and feather files, whose columns have types, are read here as texts too.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from harness.data.arrow_files import ARROW, arrow_frame
from harness.data.delimited import SEPARATORS, Rows, delimited_rows, long_fields
from harness.data.json_lines import json_objects, json_rows
from harness.errors import InputError


def read_frame(path: Path, plain: Sequence[str] = (), most: int | None = None) -> pd.DataFrame:
    """The table in a text file, str in every cell; the index has the number of each row in the file.

    In ``.csv`` and the like, the header is row 1. In ``.jsonl``, the row is the line. In ``.parquet`` and
    ``.feather``, the first row is row 1.

    Args:
        path: The file.
        plain: Columns of ids and numbers. In JSON lines, these may hold no lists, objects or truth values.
        most: Read only the first rows, this many; the rest of the file is not looked at. By default, all.

    Raises:
        InputError: The file is missing, unreadable, of another kind or malformed. The message names the
            row.
    """
    ending = ending_of(path)
    if ending in ARROW:
        return arrow_frame(path, plain, most)
    with opened(path, None if ending == ".jsonl" else "") as file, long_fields():
        if ending == ".jsonl":
            columns, rows = json_rows(path, file, plain, most)
        else:
            columns, rows = delimited_rows(path, file, ending)
        return _frame(columns, islice(rows, most))


def wanted_rows(path: Path, wanted: Sequence[str], plain: Sequence[str] = ()) -> Rows:
    """The cells of some columns, row by row, with the number of each row; the file is not kept in memory.

    Args:
        path: A file that is neither parquet nor feather.
        wanted: The columns.
        plain: As for :func:`read_frame`.

    Raises:
        InputError: As :func:`read_frame`, when a row is reached that cannot be read; and after the last row,
            if the file lacks a column or has it twice.
    """
    ending = ending_of(path)
    with opened(path, None if ending == ".jsonl" else "") as file, long_fields():
        if ending == ".jsonl":
            keys: dict[str, None] = {}
            for number, entry in json_objects(path, file, plain):
                keys.update(dict.fromkeys(entry))
                yield number, [entry.get(name, "") for name in wanted]
            require_columns(path, list(keys), wanted)
        else:
            columns, rows = delimited_rows(path, file, ending)
            places = [columns.index(name) for name in wanted if name in columns]
            for number, fields in rows:
                if len(places) == len(wanted):
                    yield number, [fields[place] for place in places]
            require_columns(path, columns, wanted)


def cells(path: Path, column: str) -> Iterator[str]:
    """The cells of one column, one after the other.

    Raises:
        InputError: As :func:`wanted_rows`.
    """
    if ending_of(path) in ARROW:
        yield from arrow_frame(path)[column]
    else:
        for _, (cell,) in wanted_rows(path, [column]):
            yield cell


def row_number(path: Path, position: int) -> int:
    """The number, in its file, of the row at a position, which is counted from 0. The file is read again."""
    if ending_of(path) in ARROW:
        return position + 1
    return next(islice(wanted_rows(path, ()), position, None))[0]


def ending_of(path: Path) -> str:
    """The ending that tells the kind of a file, without ``.gz``."""
    endings = [ending.lower() for ending in path.suffixes if ending.lower() != ".gz"]
    ending = endings[-1] if endings else ""
    if ending not in (".jsonl", *ARROW, *SEPARATORS):
        raise InputError(
            f"{path}: unknown kind of file; expected .csv, .tsv, .jsonl or .inter, or these with .gz, or "
            ".parquet or .feather"
        )
    return ending


def _frame(columns: list[str], rows: Rows) -> pd.DataFrame:
    """Numbered rows as a frame."""
    numbers: list[int] = []
    cells: list[list[str]] = [[] for _ in columns]
    for number, fields in rows:
        numbers.append(number)
        for column, field in zip(cells, fields, strict=True):
            column.append(field)
    arrays = {place: np.array(column, dtype=object) for place, column in enumerate(cells)}
    return pd.DataFrame(arrays, index=numbers, dtype=object).set_axis(columns, axis=1)


def require_columns(path: Path | str, columns: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file that lacks a column, or has it twice.

    Raises:
        InputError: Names the first column that is missing, and those there are.
    """
    for column in wanted:
        count = list(columns).count(column)
        if not count:
            raise InputError(f"{path}: no column {column!r}; expected one of {sorted(columns)}")
        if count > 1:
            raise InputError(f"{path}: {count} columns {column!r}; expected one")


def joined(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Several columns as one text a row; empty texts where there is no column."""
    texts = pd.Series("", index=frame.index, dtype=object)
    for column in columns:
        texts = texts + ". " + frame[column]
    return texts.str.strip(". \n")


@contextmanager
def opened(path: Path, newline: str | None = None) -> Iterator[TextIO]:
    """A text file in UTF-8, gzipped if its name ends so; a byte order mark at its start is skipped.

    Raises:
        InputError: The file is missing, no file, cannot be read, is no gzip or no UTF-8.
    """
    open_text = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        with open_text(path, "rt", encoding="utf-8-sig", newline=newline) as file:
            yield file
    except UnicodeDecodeError as error:
        wrong = error.object[error.start]
        raise InputError(
            f"{path}: unreadable (byte {wrong:#04x} is not UTF-8); expected UTF-8 text"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: unreadable ({error})") from None
