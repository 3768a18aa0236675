"""The kinds of file that hold lists: parquet, csv and its kin, and TREC's run files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as kinds

from harness.data.text_files import opened, read_frame, require_columns
from harness.errors import InputError

USER, ITEM, SCORE, RANK, SPLIT = "user", "item", "score", "rank", "split"
"""The columns of a file of lists."""

PARQUET, TREC, TEXT = (".parquet",), (".trec", ".run"), (".csv", ".tsv", ".jsonl")
"""The endings of each kind. Text and TREC's files may be gzipped."""

TREC_FIELDS = "user Q0 item rank score tag"


def read_rows(path: Path) -> pd.DataFrame:
    """The rows of a file of lists, with those of the columns above that it has.

    Ids are str. The index has the number of each row in the file, where a header is row 1.

    Raises:
        InputError: The file is of another kind, cannot be read, or has no column of users or of items.
    """
    endings = [ending.lower() for ending in path.suffixes if ending.lower() != ".gz"]
    ending = endings[-1] if endings else ""
    if ending in PARQUET:
        return _parquet(path)
    if ending in TREC:
        return _trec(path)
    if ending in TEXT:
        frame = read_frame(path, plain=[USER, ITEM])
        require_columns(path, list(frame), [USER, ITEM])
        return frame
    known = ", ".join((*PARQUET, *TEXT, *TREC))
    raise InputError(f"{path}: unknown kind of file; expected lists in a file that ends in one of {known}")


def _parquet(path: Path) -> pd.DataFrame:
    """The rows of a parquet file, which has no header, so that its first row is row 1."""
    try:
        with pq.ParquetFile(path) as file:
            present = file.schema_arrow.names
            missing = [name for name in (USER, ITEM) if name not in present]
            if missing:
                raise InputError(f"{path}: no column {missing[0]!r}; expected one of {sorted(present)}")
            wanted = [name for name in (USER, ITEM, SCORE, RANK, SPLIT) if name in present]
            table = file.read(columns=wanted, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: unreadable ({reason}); expected a parquet file") from None
    columns = {name: _as_pandas(path, name, table[name].combine_chunks()) for name in wanted}
    return pd.DataFrame(columns).set_axis(range(1, len(table) + 1))


def _as_pandas(path: Path, name: str, column: pa.Array) -> pd.Series:
    """A column of a parquet file; ids as str.

    Raises:
        InputError: Ids are neither text nor whole numbers.
    """
    if kinds.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if name in (SCORE, RANK):
        return column.to_pandas()
    is_text = kinds.is_string(column.type) or kinds.is_large_string(column.type)
    if not (is_text or kinds.is_integer(column.type)):
        raise InputError(
            f"{path}: the column {name!r} holds {column.type}; expected ids as text or whole numbers"
        )
    return column.cast(pa.string()).to_pandas()


def _trec(path: Path) -> pd.DataFrame:
    """The lines of a TREC run. Its ranks do not count, as in TREC's own evaluation.

    The tag counts as the split's checksum if it looks like one in every line.
    """
    lines: list[list[str]] = []
    numbers: list[int] = []
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            fields = line.split()
            if not fields:
                continue
            if len(fields) != 6:
                raise InputError(
                    f"{path}, row {number}: {len(fields)} fields; expected six as in `{TREC_FIELDS}`"
                )
            lines.append(fields)
            numbers.append(number)
    frame = pd.DataFrame(lines, columns=[USER, "q0", ITEM, RANK, SCORE, SPLIT], index=numbers, dtype=object)
    has_checksums = bool(frame[SPLIT].str.fullmatch("[0-9a-f]{16}").all()) if lines else False
    return frame[[USER, ITEM, SCORE, *([SPLIT] if has_checksums else [])]]
