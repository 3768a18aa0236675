"""Files with separators as rows of text: csv, tsv and RecBole's atomic files, in Python's csv module.

It reads csv in its strict mode: of the readers at hand, pyarrow accepts a quote that never closes, pandas
fills a row that is too short, and duckdb drops blanks around quotes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from harness.data.counts import counted
from harness.errors import InputError

SEPARATORS = {".csv": ",", ".tsv": "\t", ".inter": "\t", ".user": "\t", ".item": "\t"}
"""The character between fields, by the file's ending. Only ``.csv`` files have quotes."""

LONGEST_FIELD = 2**24
"""Letters of one field of a csv file."""

Rows = Iterator[tuple[int, list[str]]]
"""The fields of each row, with the number of the row in the file."""


def delimited_rows(path: Path, file: TextIO, ending: str) -> tuple[list[str], Rows]:
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
def long_fields() -> Iterator[None]:
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
