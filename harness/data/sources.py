"""Readers of raw interactions: matrices, tables and RecBole's atomic files.

Each returns a frame with str columns ``user`` and ``item``, a ``place`` to name in errors, and,
where the source has them, ``rating``, ``timestamp`` and ``split``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from harness.data.dataset import SPLITS
from harness.data.pickles import load_arrays
from harness.errors import InputError

MATRIX_FILES = {"train": "trn_mat.pkl", "valid": "val_mat.pkl", "test": "tst_mat.pkl"}


def read_matrices(folder: Path) -> tuple[pd.DataFrame, int, int]:
    """The papers' pickled matrices [U, I]; returns the frame, U and I.

    Raises:
        InputError: A file is missing, unreadable or no sparse matrix, or the shapes differ.
    """
    frames, shapes = [], {}
    for split, file in MATRIX_FILES.items():
        matrix = load_arrays(folder / file)
        if not sp.issparse(matrix) or matrix.ndim != 2:
            raise InputError(f"{folder / file}: holds a {type(matrix).__name__}; expected a sparse matrix")
        coo = matrix.tocoo()
        kept = coo.data != 0
        user, item = coo.row[kept], coo.col[kept]
        place = f"{folder / file}, row "
        places = [place + str(row) for row in user]
        frame = pd.DataFrame({"user": user, "item": item, "split": split, "place": places})
        frames.append(frame.astype({"user": str, "item": str}))
        shapes[file] = coo.shape
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
    raw = read_frame(path)
    require_columns(path, raw, [*columns.values(), *review])
    frame = raw[list(columns.values())].set_axis(list(columns), axis=1)
    if review:
        frame["review"] = joined(raw, review)
    first = 1 if ".jsonl" in path.suffixes else 2
    frame["place"] = [f"{path}, row {row}" for row in range(first, first + len(frame))]
    _require_ids(frame)
    for number in {"rating", "timestamp"} & set(columns):
        frame[number] = _numbers(frame, number)
    if "split" in frame:
        names = {**{split: split for split in SPLITS}, **labels}
        unknown = frame[~frame["split"].isin(names)]
        if len(unknown):
            row = unknown.iloc[0]
            raise InputError(f"{row['place']}: split {row['split']!r}; expected one of {sorted(names)}")
        frame["split"] = frame["split"].map(names)
    return frame


def read_atomic(folder: Path) -> pd.DataFrame:
    """RecBole atomic files: one ``.inter``, or ``.train/.valid/.test.inter``.

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
    header = read_frame(path).columns
    names = {column.split(":")[0]: column for column in header}
    ours = {"user": "user_id", "item": "item_id", "rating": "rating", "timestamp": "timestamp"}
    columns = {name: names[theirs] for name, theirs in ours.items() if theirs in names}
    for name in ("user", "item"):
        if name not in columns:
            raise InputError(f"{path}, row 1: no field {name}_id; expected {name}_id:token")
    return read_table(path, columns, {})


def read_frame(path: Path) -> pd.DataFrame:
    """Any supported text file as str columns.

    Raises:
        InputError: The file is missing, empty or malformed.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    kind = suffixes[-1] if suffixes else ""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        if kind == ".jsonl":
            return pd.read_json(path, lines=True, dtype=False, convert_dates=False)
        if kind in (".csv", ".tsv", ".inter", ".user", ".item"):
            separator = "," if kind == ".csv" else "\t"
            return pd.read_csv(
                path, sep=separator, dtype=str, keep_default_na=False, quoting=0 if kind == ".csv" else 3
            )
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{path}: unreadable ({reason})") from None
    raise InputError(
        f"{path}: unknown kind of file; expected .csv, .tsv, .jsonl or .inter, or these with .gz"
    )


def require_columns(path: Path, frame: pd.DataFrame, wanted: Sequence[str]) -> None:
    """Refuse a file that lacks a column.

    Raises:
        InputError: Names the first column that is missing, and those there are.
    """
    for column in wanted:
        if column not in frame:
            raise InputError(f"{path}: no column {column!r}; expected one of {sorted(frame.columns)}")


def joined(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Several columns as one text a row; empty texts where there is no column."""
    if not columns:
        return pd.Series("", index=frame.index)
    return frame[list(columns)].map(_words).agg(". ".join, axis=1).str.strip(". \n")


def _words(value: Any) -> str:
    """A cell of a text file in words: lists by commas, the facts of a mapping by its keys."""
    if isinstance(value, dict):
        return ". ".join(f"{key} {_words(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(_words(part) for part in value)
    return "" if pd.isna(value) else str(value)


def ids_once(path: Path, column: pd.Series, side: str, what: str) -> pd.Series:
    """A column of ids as str, each of which may stand once.

    Raises:
        InputError: An id stands twice.
    """
    ids = column.astype(str)
    if ids.duplicated().any():
        raise InputError(f"{path}: {side} {ids[ids.duplicated().idxmax()]!r} has two {what}; expected one")
    return ids


def _require_ids(frame: pd.DataFrame) -> None:
    for side in ("user", "item"):
        missing = frame[side].isna() | (frame[side].astype(str).str.strip() == "")
        if missing.any():
            raise InputError(f"{frame['place'][missing.idxmax()]}: no {side} id; expected one in every row")
        frame[side] = frame[side].astype(str)


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    numbers = pd.to_numeric(frame[column], errors="coerce")
    bad = ~np.isfinite(numbers)
    if bad.any():
        row = frame.loc[bad.idxmax()]
        raise InputError(f"{row['place']}: {column} is {row[column]!r}; expected a number")
    return numbers
