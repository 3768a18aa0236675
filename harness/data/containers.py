"""Sparse matrices from their arrays, checked before scipy sees them: it reads what they point at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from harness.errors import InputError

LONGEST_SIDE = 2**31 - 1
"""Rows or columns of a matrix. Two numbers up to this can be multiplied within 64 bits."""

CLASSES = {
    ("csr", "matrix"): sp.csr_matrix,
    ("csr", "array"): sp.csr_array,
    ("csc", "matrix"): sp.csc_matrix,
    ("csc", "array"): sp.csc_array,
    ("coo", "matrix"): sp.coo_matrix,
    ("coo", "array"): sp.coo_array,
}


def sparse_matrix(form: str, kind: str, shape: Any, parts: Mapping[str, np.ndarray]) -> Any:
    """A sparse matrix of scipy.

    Args:
        form: ``csr``, ``csc`` or ``coo``.
        kind: ``matrix`` or ``array``.
        shape: Rows and columns.
        parts: ``data``, and ``indices`` and ``indptr``, or ``row`` and ``col`` of a ``coo``.

    Raises:
        InputError: The parts do not fit the shape or each other, or an entry is no finite number.
    """
    name = f"holds a {form}_{kind}"
    if type(shape) is not tuple or len(shape) != 2 or not all(type(side) is int for side in shape):
        raise InputError(f"{name} whose shape is no two integers")
    if min(shape) < 0 or max(shape) > LONGEST_SIDE:
        raise InputError(f"{name} of shape {shape}; expected sides from 0 to {LONGEST_SIDE:,}")
    for part, array in parts.items():
        _check_part(name, part, array)
    parts = {part: array.astype(array.dtype.newbyteorder("="), copy=False) for part, array in parts.items()}
    rows, columns = _coordinates(name, form, shape, parts)
    _check_entries(name, parts["data"], rows)
    if form == "coo":
        return CLASSES[form, kind]((parts["data"], (rows, columns)), shape=shape)
    return CLASSES[form, kind]((parts["data"], parts["indices"], parts["indptr"]), shape=shape)


def _check_part(name: str, part: str, array: np.ndarray) -> None:
    """Refuse a part of another dimension, or of numbers that a sparse matrix does not have."""
    if array.ndim != 1:
        raise InputError(f"{name} whose {part} has shape {array.shape}; expected one dimension")
    number = array.dtype.str[1:]
    if part == "data" and number in ("f2", "f16"):
        raise InputError(f"{name} whose data has numbers of type {number}; expected f4, f8 or integers")
    if part != "data" and number not in ("i4", "i8"):
        raise InputError(f"{name} whose {part} has numbers of type {number}; expected i4 or i8")


def _coordinates(
    name: str, form: str, shape: tuple[int, int], parts: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of every entry, [n] each, checked to lie inside the shape."""
    if form == "coo":
        rows, columns = parts["row"], parts["col"]
    else:
        side = shape[0] if form == "csr" else shape[1]
        lines = _lines(name, parts["indptr"], side, len(parts["indices"]))
        rows, columns = (lines, parts["indices"]) if form == "csr" else (parts["indices"], lines)
    for what, positions, side in (("row", rows, shape[0]), ("column", columns, shape[1])):
        if len(positions) != len(parts["data"]):
            count = len(parts["data"])
            raise InputError(
                f"{name} with {count:,} entries and {len(positions):,} {what}s; expected as many"
            )
        if len(positions) and not 0 <= positions.min() <= positions.max() < side:
            raise InputError(
                f"{name} with {what}s from {positions.min()} to {positions.max()}; "
                f"expected 0 to {side - 1}, as its shape is {shape}"
            )
    return rows, columns


def _lines(name: str, indptr: np.ndarray, side: int, entries: int) -> np.ndarray:
    """The row of every entry of a ``csr``, or the column of every entry of a ``csc``, [n]."""
    if len(indptr) != side + 1:
        raise InputError(f"{name} whose indptr has {len(indptr):,} numbers; expected {side + 1:,}")
    if indptr[0] != 0 or indptr[-1] != entries or (indptr[1:] < indptr[:-1]).any():
        raise InputError(f"{name} whose indptr does not rise from 0 to its {entries:,} indices")
    return np.repeat(np.arange(side), np.diff(indptr))


def _check_entries(name: str, data: np.ndarray, rows: np.ndarray) -> None:
    if data.dtype.kind == "f" and not np.isfinite(data).all():
        entry = int(np.argmin(np.isfinite(data)))
        raise InputError(
            f"{name} whose row {rows[entry]} has the entry {data[entry]}; expected finite numbers"
        )
