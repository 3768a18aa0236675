"""Readers of raw interactions: matrices, tables, DataFrames and RecBole's atomic files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp

from harness import outside
from harness.data.arrow_columns import encoded
from harness.data.dataset import SPLITS
from harness.data.held_frame import NAME, HeldFrame
from harness.data.interactions import Log, Part
from harness.data.pickles import load_arrays
from harness.data.table_files import files_of, read_columns
from harness.data.table_rows import Rows, TableColumns, log_of, rows_of
from harness.data.text_files import read_frame, row_number
from harness.errors import InputError

MATRIX_FILES = {"train": "trn_mat.pkl", "valid": "val_mat.pkl", "test": "tst_mat.pkl"}

MOST_IDS = 10_000_000
"""Rows or columns of a source's matrices. Each becomes an id, whether it has an entry or not."""


def read_matrices(folder: Path, min_rating: float | None = None) -> Log:
    """The papers' pickled matrices [U, I]. An entry other than 0 is an interaction.

    Args:
        folder: The folder of the files ``MATRIX_FILES``.
        min_rating: If given, entries are ratings, and the frame has the column ``rating``.

    Returns:
        The interactions, and all U users and I items. Rows are counted from 0, as the matrix does.

    Raises:
        InputError: A file is missing, unreadable or no sparse matrix, the shapes differ, or an entry is
            below 0 without a ``min_rating``.
    """
    matrices = {split: _matrix(folder / name, min_rating) for split, name in MATRIX_FILES.items()}
    shapes = {MATRIX_FILES[split]: matrix.shape for split, matrix in matrices.items()}
    if len(set(shapes.values())) != 1:
        raise InputError(f"{folder}: matrices of different shape {shapes}; expected one shape")
    user, item = (
        encoded(pa.chunked_array([pa.array(getattr(matrix, axis)) for matrix in matrices.values()]))
        for axis in ("row", "col")
    )
    split = np.repeat(np.arange(len(SPLITS), dtype=np.int8), [matrix.nnz for matrix in matrices.values()])
    columns: dict[str, Any] = {"user": user, "item": item}
    if min_rating is not None:
        columns["rating"] = np.concatenate([matrix.data for matrix in matrices.values()]).astype(float)
    columns["split"] = pd.Categorical.from_codes(split, SPLITS)
    parts = tuple(_matrix_part(folder / MATRIX_FILES[split], matrix) for split, matrix in matrices.items())
    users, items = (np.arange(count).astype(str) for count in matrices["train"].shape)
    return Log(pd.DataFrame(columns, copy=False), parts, str(folder), users, items)


def _matrix(file: Path, min_rating: float | None) -> Any:
    """The entries of a matrix other than 0, as a ``coo_matrix``."""
    matrix = load_arrays(file)
    if not sp.issparse(matrix):
        raise InputError(f"{file}: holds a {type(matrix).__name__}; expected a sparse matrix")
    coo = matrix.tocoo()
    if max(coo.shape) > MOST_IDS:
        raise InputError(f"{file}: shape {coo.shape}; expected at most {MOST_IDS:,} rows and columns")
    if min_rating is None and coo.nnz and coo.data.min() < 0:
        entry = int(coo.data.argmin())
        raise InputError(
            f"{file}, row {coo.row[entry]}: the entry {coo.data[entry]:g}; expected none below 0, "
            "or a `min_rating` that says which entries are positive"
        )
    kept = coo.data != 0
    return sp.coo_matrix((coo.data[kept], (coo.row[kept], coo.col[kept])), shape=coo.shape)


def _matrix_part(file: Path, matrix: Any) -> Part:
    return Part(str(file), matrix.nnz, lambda position: f"{file}, row {matrix.row[position]}")


def _file_part(file: Path, rows: int) -> Part:
    return Part(str(file), rows, lambda position: f"{file}, row {row_number(file, position)}")


def read_table(path: Path, columns: TableColumns) -> Log:
    """A csv(.gz), tsv(.gz), jsonl(.gz), parquet or feather file, or several that a pattern stands for.

    Args:
        path: The file, or a pattern such as ``logs/*.parquet``.
        columns: Which of its columns holds what.

    Raises:
        InputError: A file cannot be read or lacks a column; a row lacks an id, has a rating or time that is
            no number, or a split that is unknown.
    """
    rows = []
    for file in files_of(path):
        table = read_columns(file, columns.repeated, columns.plain, columns.review)
        rows.append(rows_of(_file_part(file, len(table)), table, columns))
    return log_of(str(path), rows)


def read_data_frame(held: HeldFrame, columns: TableColumns) -> Log:
    """A DataFrame with one row for each interaction.

    Raises:
        InputError: As :func:`read_table`. Rows are named as ``iloc`` counts them.
    """
    table = held.rows()
    part = Part(NAME, len(table), lambda position: f"{NAME}, iloc[{position}]")
    return log_of(NAME, [rows_of(part, table, columns)])


def read_outside(reader: str, options: Mapping[str, Any], columns: TableColumns) -> Log:
    """The DataFrame that a function of somebody else returns.

    Raises:
        InputError: The function cannot be imported or fails, or as :func:`read_data_frame`.
    """
    function = outside.function_of("source", reader)
    try:
        frame = function(**options)
    except Exception as error:  # it is somebody's own code, and may raise anything
        raise InputError(
            f"the source {reader} failed ({type(error).__name__}: {error}); expected a DataFrame"
        ) from error
    return read_data_frame(HeldFrame.of(frame, [*columns.plain, *columns.review], columns.plain), columns)


def read_atomic(folder: Path) -> Log:
    """RecBole's atomic files: one ``.inter``, or ``.train/.valid/.test.inter``.

    Raises:
        InputError: There is neither, a file lacks an id's field, or as :func:`read_table`.
    """
    files = sorted(folder.glob("*.inter"))
    given = [folder / f"{folder.name}.{split}.inter" for split in SPLITS]
    if all(file in files for file in given):
        rows = []
        for file, split in zip(given, SPLITS, strict=True):
            one = _read_inter(file)
            whole = pd.Categorical.from_codes(np.full(len(one.frame), SPLITS.index(split), np.int8), SPLITS)
            rows.append(one._replace(frame=one.frame.assign(split=whole)))
        return log_of(str(folder), rows)
    single = folder / f"{folder.name}.inter"
    if single not in files:
        raise InputError(f"{folder}: no {single.name}; expected it, or {[file.name for file in given]}")
    return log_of(str(folder), [_read_inter(single)])


def _read_inter(file: Path) -> Rows:
    """One atomic file."""
    columns = _fields(file)
    table = read_columns(file, columns.repeated, columns.plain, ())
    return rows_of(_file_part(file, len(table)), table, columns)


def _fields(path: Path) -> TableColumns:
    """The columns of an atomic file. Its header has the type of each field behind a colon."""
    names = {column.split(":")[0]: column for column in read_frame(path, most=0)}
    fields = {"user": "user_id", "item": "item_id", "rating": "rating", "timestamp": "timestamp"}
    columns = {ours: names[theirs] for ours, theirs in fields.items() if theirs in names}
    for side in ("user", "item"):
        if side not in columns:
            read_frame(path)  # a malformed file is refused for that
            raise InputError(f"{path}, row 1: no field {side}_id; expected {side}_id:token")
    return TableColumns(columns)
