"""Parquet and feather files. Their columns have types, so ids are numbers or texts as the file says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet

from harness.data.arrow_columns import NO_TEXT, as_text, kind_of
from harness.errors import InputError

ARROW = (".parquet", ".feather")


def read_arrow(path: Path, plain: Sequence[str] = (), columns: Sequence[str] | None = None) -> pa.Table:
    """The columns of a parquet or feather file, all by default.

    Args:
        path: The file.
        plain: Columns of ids and numbers, which may hold no lists, objects, bytes or truth values.
        columns: The columns to read. Those that the file lacks are left out.

    Raises:
        InputError: The file is missing or unreadable, or a plain column holds something else.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        if path.suffix.lower() == ".parquet":
            names = pyarrow.parquet.read_schema(path).names
            table = pyarrow.parquet.ParquetFile(path).read(_wanted(names, columns))
        else:
            names = pyarrow.feather.read_table(path, memory_map=True).column_names
            table = pyarrow.feather.read_table(path, _wanted(names, columns), memory_map=False)
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{path}: unreadable ({reason}); expected a {path.suffix[1:]} file") from None
    check_columns(str(path), table, plain)
    return table


def arrow_frame(path: Path, plain: Sequence[str] = (), most: int | None = None) -> pd.DataFrame:
    """The first ``most`` rows of a file, all by default, str in every cell; the first row is row 1.

    Raises:
        InputError: As :func:`read_arrow`.
    """
    table = read_arrow(path, plain).slice(0, most)
    texts = {place: as_text(column).to_pylist() for place, column in enumerate(table.columns)}
    index = range(1, len(table) + 1)
    return pd.DataFrame(texts, index=index, dtype=object).set_axis(table.column_names, axis=1)


def check_columns(name: str, table: pa.Table, plain: Sequence[str]) -> None:
    """Refuse plain columns of lists, objects, bytes or truth values, and NUL characters in any column.

    Args:
        name: What to call the table in an error.
        table: The table.
        plain: Columns of ids and numbers.
    """
    for title, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if title in plain and kind_of(kind) in NO_TEXT:
            raise InputError(
                f"{name}: {title} is a column of type {kind}, each of whose values is "
                f"{NO_TEXT[kind_of(kind)]}; expected texts or numbers"
            )
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts = column.cast(kind) if kind is not column.type else column
            if pc.any(pc.match_substring(texts, "\0")).as_py():
                raise InputError(f"{name}: {title!r} holds a NUL character; expected text")


def _wanted(names: Sequence[str], columns: Sequence[str] | None) -> list[str] | None:
    return None if columns is None else [name for name in dict.fromkeys(columns) if name in names]
