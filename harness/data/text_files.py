"""Text files as tables whose cells are all text: csv, tsv, RecBole's atomic files and JSON lines.

Python's csv module reads them in its strict mode: of the readers at hand, pyarrow accepts a quote that never
closes, pandas fills a row that is too short, and duckdb drops blanks around quotes. JSON lines are read by
Python's json module, because it alone can leave numbers as they are written.
"""

from __future__ import annotations

import csv
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
from harness.data.counts import counted
from harness.data.json_lines import json_objects, json_rows
from harness.errors import InputError

SEPARATORS = {".csv": ",", ".tsv": "\t", ".inter": "\t", ".user": "\t", ".item": "\t"}
"""The character between fields, by the file's ending. Only ``.csv`` files have quotes."""

LONGEST_FIELD = 2**24
"""Letters of one field of a csv file."""


Rows = Iterator[tuple[int, list[str]]]
"""The fields of each row, with the number of the row in the file."""


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
    with opened(path, None if ending == ".jsonl" else "") as file, _long_fields():
        if ending == ".jsonl":
            columns, rows = json_rows(path, file, plain, most)
        else:
            columns, rows = _delimited_rows(path, file, ending)
        return _frame(columns, islice(rows, most))


def cells(path: Path, column: str) -> Iterator[str]:
    """The cells of one column, one after the other; the file is not kept in memory.

    Raises:
        InputError: As :func:`read_frame`, when a row is reached that cannot be read.
    """
    ending = ending_of(path)
    if ending in ARROW:
        yield from arrow_frame(path)[column]
        return
    with opened(path, None if ending == ".jsonl" else "") as file, _long_fields():
        if ending == ".jsonl":
            for _, entry in json_objects(path, file):
                yield entry.get(column, "")
        else:
            columns, rows = _delimited_rows(path, file, ending)
            place = columns.index(column)
            for _, fields in rows:
                yield fields[place]


def row_number(path: Path, position: int) -> int:
    """The number, in its file, of the row at a position, which is counted from 0. The file is read again."""
    ending = ending_of(path)
    if ending in ARROW:
        return position + 1
    with opened(path, None if ending == ".jsonl" else "") as file, _long_fields():
        rows: Iterator[tuple[int, object]]
        rows = json_objects(path, file) if ending == ".jsonl" else _delimited_rows(path, file, ending)[1]
        return next(islice(rows, position, None))[0]


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


def _delimited_rows(path: Path, file: TextIO, ending: str) -> tuple[list[str], Rows]:
    """The header of a file with separators, and its rows with their numbers. Blank lines are skipped."""
    separator, lines = SEPARATORS[ending], _text_lines(path, file)
    if ending == ".csv":
        rows = _numbered(path, csv.reader(lines, delimiter=separator, strict=True))
    else:
        rows = _numbered(path, csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE))
    _, header = next(rows, (0, []))
    if not header:
        raise InputError(f"{path}: empty file; expected a header and rows")
    return header, rows


def _text_lines(path: Path, file: TextIO) -> Iterator[str]:
    """The lines of a file. Python's csv module reads NUL characters from 3.11 on; they are no text.

    Raises:
        InputError: A line holds one.
    """
    for number, line in enumerate(file, 1):
        if "\0" in line:
            raise InputError(f"{path}, line {number}: a NUL character; expected text")
        yield line


def _numbered(path: Path, reader: Iterator[list[str]]) -> Rows:
    """Rows that are not blank, with their numbers, the header first. Blank lines count as rows.

    Raises:
        InputError: A row has more or fewer fields than the header, or a quote is not closed as it should
            be.
    """
    number, width = 0, 0
    try:
        for number, fields in enumerate(reader, 1):
            width = width or len(fields)
            if len(fields) == width:
                yield number, fields
            elif fields:
                count = counted(len(fields), "field")
                raise InputError(f"{path}, row {number}: {count}; expected {width}, as in the header")
    except csv.Error as error:
        raise InputError(f"{path}, row {number + 1}: {_csv_reason(str(error))}") from None


@contextmanager
def _long_fields() -> Iterator[None]:
    """Lets fields be longer than Python allows by default. The limit holds for the whole process."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _csv_reason(reason: str) -> str:
    if reason == "unexpected end of data":
        return "a quote opens and never closes"
    if "expected after" in reason:
        return "text follows a closing quote; a quote inside a quoted field is written twice"
    if "field larger" in reason:
        return f"a field of more than {LONGEST_FIELD:,} letters; a quote may open and never close"
    return reason
