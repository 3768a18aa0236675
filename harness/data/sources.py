"""Readers of raw interactions: matrices, tables and RecBole's atomic files.

Each returns a frame with str columns ``user`` and ``item``, the columns ``file`` and ``row`` that say where
an interaction stands, and, where the source has them, ``rating``, ``timestamp``, ``split`` and ``review``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from harness.data.dataset import SPLITS
from harness.data.pickles import load_arrays
from harness.data.text_files import joined, read_frame, require_columns
from harness.errors import InputError

MATRIX_FILES = {"train": "trn_mat.pkl", "valid": "val_mat.pkl", "test": "tst_mat.pkl"}

MOST_IDS = 10_000_000
"""Rows or columns of a source's matrices. Each becomes an id, whether it has an entry or not."""


def location(row: pd.Series) -> str:
    """The file and the row of one interaction, as errors name them."""
    return f"{row['file']}, row {row['row']}"


def read_matrices(folder: Path, min_rating: float | None = None) -> tuple[pd.DataFrame, int, int]:
    """The papers' pickled matrices [U, I]. An entry other than 0 is an interaction.

    Args:
        folder: The folder of the files ``MATRIX_FILES``.
        min_rating: If given, entries are ratings, and the frame has the column ``rating``.

    Returns:
        The frame, U and I. Rows are counted from 0, as the matrix does.

    Raises:
        InputError: A file is missing, unreadable or no sparse matrix, the shapes differ, or an entry is
            below 0 without a ``min_rating``.
    """
    frames, shapes = [], {}
    for split, name in MATRIX_FILES.items():
        file = folder / name
        matrix = load_arrays(file)
        if not sp.issparse(matrix):
            raise InputError(f"{file}: holds a {type(matrix).__name__}; expected a sparse matrix")
        coo = matrix.tocoo()
        shapes[name] = coo.shape
        if max(coo.shape) > MOST_IDS:
            raise InputError(f"{file}: shape {coo.shape}; expected at most {MOST_IDS:,} rows and columns")
        if min_rating is None and coo.nnz and coo.data.min() < 0:
            entry = int(coo.data.argmin())
            raise InputError(
                f"{file}, row {coo.row[entry]}: the entry {coo.data[entry]:g}; expected none below 0, "
                "or a `min_rating` that says which entries are positive"
            )
        kept = coo.data != 0
        user, item = coo.row[kept], coo.col[kept]
        frame = pd.DataFrame({"user": user.astype(str), "item": item.astype(str)}, dtype=object)
        if min_rating is not None:
            frame["rating"] = coo.data[kept].astype(float)
        frames.append(frame.assign(split=split, file=str(file), row=user))
    if len(set(shapes.values())) != 1:
        raise InputError(f"{folder}: matrices of different shape {shapes}; expected one shape")
    users, items = next(iter(shapes.values()))
    return pd.concat(frames, ignore_index=True), users, items


def read_table(
    path: Path, columns: dict[str, str], labels: dict[str, str], review: Sequence[str] = ()
) -> pd.DataFrame:
    """A csv(.gz), tsv(.gz) or jsonl(.gz) file.

    Args:
        path: The file.
        columns: Our column name to the file's, for the columns wanted.
        labels: The file's split label to one of ``SPLITS``.
        review: The file's columns that make up our column ``review``; none without.

    Raises:
        InputError: The file cannot be read or lacks a column; a row lacks an id, has a rating or time
            that is no number, or a split that is unknown.
    """
    raw = read_frame(path, plain=list(columns.values()))
    frame = _interactions(path, raw, columns, labels)
    if review:
        require_columns(path, raw, review)
        frame["review"] = joined(raw, review).to_numpy()
    return frame


def read_atomic(folder: Path) -> pd.DataFrame:
    """RecBole's atomic files: one ``.inter``, or ``.train/.valid/.test.inter``.

    Raises:
        InputError: There is neither, a file lacks an id's field, or as :func:`read_table`.
    """
    files = sorted(folder.glob("*.inter"))
    given = [folder / f"{folder.name}.{split}.inter" for split in SPLITS]
    if all(file in files for file in given):
        frames = [_read_inter(file).assign(split=split) for file, split in zip(given, SPLITS, strict=True)]
        return pd.concat(frames, ignore_index=True)
    single = folder / f"{folder.name}.inter"
    if single not in files:
        raise InputError(f"{folder}: no {single.name}; expected it, or {[file.name for file in given]}")
    return _read_inter(single)


def _read_inter(path: Path) -> pd.DataFrame:
    """One atomic file. Its header has the type of each field behind a colon."""
    raw = read_frame(path)
    names = {column.split(":")[0]: column for column in raw.columns}
    fields = {"user": "user_id", "item": "item_id", "rating": "rating", "timestamp": "timestamp"}
    columns = {ours: names[theirs] for ours, theirs in fields.items() if theirs in names}
    for side in ("user", "item"):
        if side not in columns:
            raise InputError(f"{path}, row 1: no field {side}_id; expected {side}_id:token")
    return _interactions(path, raw, columns, {})


def _interactions(
    path: Path, raw: pd.DataFrame, columns: dict[str, str], labels: dict[str, str]
) -> pd.DataFrame:
    """The wanted columns of a file under our names, checked, with the file and the row of each."""
    require_columns(path, raw, list(columns.values()))
    frame = raw[list(columns.values())].set_axis(list(columns), axis=1)
    frame = frame.assign(file=str(path), row=raw.index).reset_index(drop=True)
    _require_ids(frame)
    for number in {"rating", "timestamp"} & set(columns):
        frame[number] = _numbers(frame, number)
    if "split" in frame:
        names = {**{split: split for split in SPLITS}, **labels}
        unknown = frame[~frame["split"].isin(names)]
        if len(unknown):
            row = unknown.iloc[0]
            raise InputError(f"{location(row)}: split {row['split']!r}; expected one of {sorted(names)}")
        frame["split"] = frame["split"].map(names)
    return frame


def _require_ids(frame: pd.DataFrame) -> None:
    for side in ("user", "item"):
        missing = frame[side].str.strip() == ""
        if missing.any():
            raise InputError(
                f"{location(frame.loc[missing.idxmax()])}: no {side} id; expected one in every row"
            )


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column of texts as finite numbers."""
    numbers = pd.to_numeric(frame[column], errors="coerce") if len(frame) else frame[column].astype(float)
    bad = ~np.isfinite(numbers)
    if bad.any():
        row = frame.loc[bad.idxmax()]
        raise InputError(f"{location(row)}: {column} is {row[column]!r}; expected a number")
    return numbers
