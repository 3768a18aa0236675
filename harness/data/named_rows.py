"""Rows of numbers from a file, one for each user or item, that a ``.ids`` file beside it names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.data.arrays import load_array
from harness.data.joins import join, read_ids
from harness.data.pickles import load_arrays
from harness.errors import InputError


def load_rows(path: Path, tokens: np.ndarray, side: str, wanted: np.ndarray | None = None) -> np.ndarray:
    """The rows [n, T] of a file in the order of ``wanted`` [n].

    Args:
        path: The file. Without a ``.ids`` file beside it, its rows are in the order of ``tokens``.
        tokens: The ids of all users, or of all items, of the dataset.
        side: ``user`` or ``item``.
        wanted: The ids whose rows are wanted; ``tokens`` if None.

    Raises:
        InputError: The file holds no table of numbers, or not a row for each wanted id.
    """
    loaded = load_arrays(path) if path.suffix == ".pkl" else load_array(path)
    if not isinstance(loaded, np.ndarray | list | tuple):
        raise InputError(f"{path}: holds a {type(loaded).__name__}; expected a table of numbers")
    try:
        with np.errstate(over="ignore"):  # too large a number becomes infinity, which is refused below
            rows = np.asarray(loaded, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: the rows differ in width; expected a table of numbers") from None
    if rows.ndim != 2 or not rows.shape[1]:
        raise InputError(f"{path}: an array of shape {rows.shape}; expected one row for each {side}")
    ids = path.with_suffix(".ids")
    names = read_ids(ids) if ids.exists() else list(tokens)
    if len(names) != len(rows):
        raise InputError(f"{path}: {len(rows)} rows; expected {len(names)}, one for each {side}")
    wanted = tokens if wanted is None else wanted
    match = join(ids, names, wanted, side, "row")
    match.require_all(ids, side, "row", f"expected one for every {side} of the dataset")
    rows = np.take(rows, match.positions, axis=0)
    not_finite = np.flatnonzero(~np.isfinite(rows).all(1))
    if len(not_finite):
        raise InputError(
            f"{path}: NaN or infinity in the row of {side} {str(wanted[not_finite[0]])!r}; expected numbers"
        )
    return rows
