"""The wanted columns of a table's file, whatever its kind, as arrow columns."""

from __future__ import annotations

import glob
import gzip
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from harness.data.arrow_files import ARROW, read_arrow
from harness.data.csv_check import is_plain
from harness.data.delimited import SEPARATORS
from harness.data.text_files import ending_of, read_frame, require_columns, wanted_rows
from harness.errors import InputError

BLOCK = 2**22
"""Bytes that pyarrow reads at once. It refuses a longer row, which the strict reader then reads."""

ROWS = 50_000
"""Rows of the strict reader that are kept as Python's texts at once."""

ID = pa.dictionary(pa.int32(), pa.string())


def files_of(path: Path) -> list[Path]:
    """The file itself, or the files that a pattern such as ``logs/*.parquet`` stands for, by name.

    Raises:
        InputError: No file has such a name.
    """
    if path.exists() or not glob.has_magic(str(path)):
        return [path]
    files = sorted(Path(name) for name in glob.glob(str(path)) if Path(name).is_file())
    if not files:
        raise InputError(f"{path}: no file has a name of this form; expected one or more")
    return files


def read_columns(path: Path, ids: Sequence[str], plain: Sequence[str], texts: Sequence[str]) -> pa.Table:
    """Columns of a file, each once: texts as they are written, or typed as in a parquet or feather file.

    Args:
        path: The file.
        ids: Columns with few different values.
        plain: Columns of ids and numbers, which may hold no lists, objects or truth values.
        texts: Other columns.

    Raises:
        InputError: The file is missing, unreadable or malformed, or lacks a column or has it twice.
    """
    wanted = list(dict.fromkeys([*ids, *plain, *texts]))
    if ending_of(path) in ARROW:
        table = read_arrow(path, plain, wanted)
        require_columns(path, _arrow_names(path, table, wanted), wanted)
        return table.select(wanted)
    quick = _quick(path, wanted, ids)
    if quick is not None:
        return quick
    return _strict(path, wanted, plain)


def _arrow_names(path: Path, table: pa.Table, wanted: Sequence[str]) -> list[str]:
    """The columns of a file of which ``table`` has the wanted ones."""
    names: list[str] = table.column_names
    return names if set(wanted) <= set(names) else read_arrow(path).column_names


def _quick(path: Path, wanted: Sequence[str], ids: Sequence[str]) -> pa.Table | None:
    """The columns as pyarrow reads them; None if the file is unusual, and the strict reader must judge."""
    ending = ending_of(path)
    if ending not in SEPARATORS:
        return None
    header = list(read_frame(path, most=0))
    if any(header.count(name) != 1 for name in wanted):
        return None
    quotes = ending == ".csv"
    parse = pyarrow.csv.ParseOptions(delimiter=SEPARATORS[ending], quote_char='"' if quotes else False)
    types = {name: ID if name in ids else pa.string() for name in wanted}
    convert = pyarrow.csv.ConvertOptions(column_types=types, include_columns=list(wanted))
    try:
        content = _content(path)
        if not len(content) or not is_plain(content, SEPARATORS[ending], quotes):
            return None
        parse.newlines_in_values = quotes and bool((content == ord('"')).any())
        reading = pyarrow.csv.ReadOptions(block_size=BLOCK)
        table = pyarrow.csv.read_csv(pa.BufferReader(pa.py_buffer(content)), reading, parse, convert)
    except (pa.ArrowException, OSError, EOFError, ValueError):
        return None
    return table if len(table) else None


def _strict(path: Path, wanted: Sequence[str], plain: Sequence[str]) -> pa.Table:
    """The columns as the strict reader reads them, some rows at a time."""
    rows = (cells for _, cells in wanted_rows(path, wanted, plain))
    schema = pa.schema([(name, pa.string()) for name in wanted])
    batches = []
    while some := list(islice(rows, ROWS)):
        columns = [pa.array(column, pa.string()) for column in zip(*some, strict=True)]
        batches.append(pa.record_batch(columns, schema))
    return pa.Table.from_batches(batches, schema)


def _content(path: Path) -> np.ndarray:
    """The bytes of a file, gzipped or not, [n]."""
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            return np.frombuffer(file.read(), np.uint8)
    return np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
