"""The rows of a table, read one after the other without loading all of it."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.errors import InputError

KINDS = (".csv", ".tsv", ".jsonl")
"""How the name of a table ends; ``.gz`` may follow."""

LONGEST_CELL = 1 << 27
"""Characters of a text. Python's csv module allows fewer by default."""


def table_rows(path: Path, most: int | None = None) -> Iterator[dict[str, Any]]:
    """The first rows of a table by column, or all of them.

    Raises:
        InputError: The file is missing, is no table of a kind that is known, or is not text.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    if kind not in KINDS:
        raise InputError(
            f"{path}: expected a file that ends in .csv, .tsv or .jsonl, or in one of these and .gz"
        )
    opened = gzip.open if suffixes[-1] == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            found = _json_rows(path, file) if kind == ".jsonl" else _delimited_rows(file, kind)
            for number, row in enumerate(found):
                if number == most:
                    return
                yield {str(name): value for name, value in row.items() if name is not None}
    except (OSError, EOFError, ValueError, csv.Error) as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"{path}: the table cannot be read ({reason})") from None


def _delimited_rows(lines: Iterable[str], kind: str) -> Iterable[dict[str, Any]]:
    csv.field_size_limit(LONGEST_CELL)
    if kind == ".csv":
        return csv.DictReader(lines)
    return csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _json_rows(path: Path, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}, row {number}: this is not JSON ({error})") from None
        if not isinstance(row, dict):
            raise InputError(f'{path}, row {number}: expected an object such as {{"user": "u1"}}')
        yield row
