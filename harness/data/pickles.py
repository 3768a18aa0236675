"""Arrays from pickle files, without running the pickle: nothing that a file names is imported or called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from harness.data.arrays import MOST_BYTES, numbers
from harness.data.containers import sparse_matrix
from harness.data.pickle_program import run
from harness.data.pickle_records import ArrayRecord, SparseRecord, called
from harness.errors import InputError

MOST_ENTRIES = 250_000
"""Arrays and numbers in lists, tuples and dicts, each as often as it is referred to."""

MOST_ARRAYS, MOST_MATRICES = 20_000, 1_000
"""Arrays and sparse matrices of one file."""

MOST_NESTING = 16
"""Lists, tuples and dicts inside each other."""

SHARED_BYTES = 64 * 2**20
"""What arrays may take beyond twice the file's size, because several lists refer to the same array."""


def load_arrays(path: Path) -> Any:
    """The numbers, numpy arrays and scipy matrices of a pickle, in their lists, tuples and dicts.

    Raises:
        InputError: The file is no pickle, is too large, describes anything else than such arrays, or
            describes a matrix whose parts do not fit together.
    """
    try:
        if not path.is_file():
            raise InputError("no such file")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"has {path.stat().st_size:,} bytes; expected at most {MOST_BYTES:,}")
        return arrays_of(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: unreadable ({error.strerror})") from None
    except InputError as error:
        hint = "" if "expected" in str(error) else "; expected numpy and scipy arrays only"
        raise InputError(f"{path}: {error}{hint}") from None


def arrays_of(program: bytes) -> Any:
    """What the bytes of a pickle describe.

    Raises:
        InputError: As for :func:`load_arrays`, without the file's name.
    """
    return _Rebuilder(2 * len(program) + SHARED_BYTES).value(run(program), 0)


class _Rebuilder:
    """Makes arrays of records, within limits on how much and how often.

    Attributes:
        entries_left: Arrays and numbers that may still be made.
        bytes_left: Bytes that arrays may still take.
        done: What has been made of a record, by the record's ``id``.
        records_left: How many arrays and how many sparse matrices may still be made.
    """

    def __init__(self, bytes_left: int) -> None:
        self.entries_left = MOST_ENTRIES
        self.bytes_left = bytes_left
        self.done: dict[int, Any] = {}
        self.records_left: dict[type, int] = {ArrayRecord: MOST_ARRAYS, SparseRecord: MOST_MATRICES}

    def value(self, value: Any, depth: int) -> Any:
        """What ``value``, which stands inside ``depth`` lists, tuples and dicts, describes."""
        self.entries_left -= 1
        if self.entries_left < 0:
            raise InputError(f"holds more than {MOST_ENTRIES:,} values, counting each as often as it is used")
        if depth > MOST_NESTING:
            raise InputError(f"holds lists or dicts inside each other, more than {MOST_NESTING} deep")
        match value:
            case bool() | int() | float():
                return value
            case list():
                return [self.value(entry, depth + 1) for entry in value]
            case tuple():
                return tuple(self.value(entry, depth + 1) for entry in value)
            case dict():
                return {key: self.value(entry, depth + 1) for key, entry in value.items()}
            case ArrayRecord() | SparseRecord():
                return self.record(value)
        raise InputError(f"holds {called(value)}")

    def record(self, record: ArrayRecord | SparseRecord) -> Any:
        """The array or matrix that ``record`` describes, made once."""
        parts = [record] if isinstance(record, ArrayRecord) else _parts(record).values()
        self.bytes_left -= sum(len(part.content) for part in parts if isinstance(part, ArrayRecord))
        if self.bytes_left < 0:
            raise InputError("uses the same arrays so often that they would take too much memory")
        if id(record) not in self.done:
            self.records_left[type(record)] -= 1
            if self.records_left[type(record)] < 0:
                raise InputError(
                    f"holds more than {MOST_ARRAYS:,} arrays or {MOST_MATRICES:,} sparse matrices; "
                    "expected one table of numbers"
                )
            self.done[id(record)] = _array(record) if isinstance(record, ArrayRecord) else _sparse(record)
        return self.done[id(record)]


def _parts(record: SparseRecord) -> dict[str, Any]:
    """The arrays of a sparse matrix by name, as the pickle has them."""
    attributes = record.attributes
    if attributes is None:
        raise InputError(f"holds {called(record)} without content")
    if record.kind.form != "coo":
        return {name: attributes.get(name) for name in ("data", "indices", "indptr")}
    coordinates = attributes.get("coords", (attributes.get("row"), attributes.get("col")))
    if not isinstance(coordinates, tuple) or len(coordinates) != 2:
        raise InputError(f"holds {called(record)} whose coords are not one array of rows and one of columns")
    return {"data": attributes.get("data"), "row": coordinates[0], "col": coordinates[1]}


def _sparse(record: SparseRecord) -> Any:
    """The sparse matrix that a record describes."""
    parts = _parts(record)
    for name, part in parts.items():
        if not isinstance(part, ArrayRecord):
            raise InputError(f"holds {called(record)} whose {name} is {called(part)}; expected an array")
    shape = (record.attributes or {}).get("_shape")
    arrays = {name: _array(part) for name, part in parts.items()}
    return sparse_matrix(record.kind.form, record.kind.kind, shape, arrays)


def _array(record: ArrayRecord) -> Any:
    """The array that a record describes, or numpy's single number."""
    if record.dtype is None or record.dtype.order is None:
        raise InputError("holds an array without content")
    try:
        dtype = np.dtype(record.dtype.order + record.dtype.code)
    except TypeError:
        raise InputError(f"holds an array of type {record.dtype.code}, unknown on this machine") from None
    array = numbers(_bytes(record.content), dtype, record.shape, "F" if record.order == "F" else "C")
    if record.axes is not None:
        if sorted(record.axes) != list(range(array.ndim)):
            raise InputError(f"holds an array of {array.ndim} axes in the order {record.axes}")
        array = array.transpose(record.axes)
    return array[()] if record.is_scalar else array


def _bytes(content: bytes | bytearray | str) -> bytes | bytearray:
    if not isinstance(content, str):
        return content
    try:
        return content.encode("latin-1")
    except UnicodeEncodeError:
        raise InputError("holds an array whose content is a text; expected bytes") from None
