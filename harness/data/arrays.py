"""Arrays of numbers from bytes, and from ``.npy`` and ``.npz`` files, with sizes checked before reading."""

from __future__ import annotations

import io
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Literal

import numpy as np

from harness.errors import InputError

NPY, ZIP = b"\x93NUMPY", b"PK"
"""First bytes of the two kinds of file."""

MOST_BYTES = 4 * 2**30
"""Bytes of one file."""

MOST_EXPANSION = 100
"""How many times larger than its ``.npz`` file an array may be."""

HEADER_BYTES = 2**16
"""More than the header of any array of numbers takes."""

MOST_AXES = 32
"""Axes of an array, the most that every release of numpy allows."""

UNREADABLE = (
    ValueError, TypeError, KeyError, SyntaxError, MemoryError, RecursionError, OverflowError, RuntimeError,
    EOFError, OSError, struct.error, tokenize.TokenError, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""What numpy and zipfile raise for a header or an archive that they cannot read."""


def numbers(
    content: bytes | bytearray, dtype: np.dtype, shape: tuple[int, ...], order: Literal["C", "F"]
) -> np.ndarray:
    """The array with these bytes, as a copy of its own.

    Raises:
        InputError: It is none of numbers, or the shape does not fit the bytes.
    """
    _check_numeric(dtype)
    if len(shape) > MOST_AXES:
        raise InputError(f"holds an array of {len(shape)} axes; expected at most {MOST_AXES}")
    needed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or needed != len(content):
        raise InputError(
            f"holds an array of shape {shape} and type {dtype} in {len(content):,} bytes; expected {needed:,}"
        )
    try:
        array = np.ndarray(shape, dtype, content, order=order).copy(order="K")
    except ValueError as error:
        raise InputError(f"holds an array that numpy refuses ({error})") from None
    if dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
        raise InputError("holds truth values other than 0 and 1")
    return array


def load_array(path: Path) -> np.ndarray:
    """The numbers of a ``.npy`` file, or of a ``.npz`` file that holds one array.

    Raises:
        InputError: The file is missing, broken or too large, or holds anything else than numbers.
    """
    try:
        if not path.is_file():
            raise InputError("no such file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{size:,} bytes; expected at most {MOST_BYTES:,}")
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy warns of headers that Python 2 wrote
            if file.read(len(ZIP)) == ZIP:
                return _from_archive(file, size)
            file.seek(0)
            return _from_stream(file, size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except UNREADABLE as error:
        reason = str(error).strip().split("\n")[0][:120] or type(error).__name__
        if isinstance(error, SyntaxError | tokenize.TokenError | MemoryError | RecursionError):
            reason = "its header does not describe an array"
        raise InputError(f"{path}: unreadable rows ({reason})") from None


def _from_archive(file: IO[bytes], size: int) -> np.ndarray:
    """The only array of an archive in a file of ``size`` bytes."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:5])
            raise InputError(f"holds {len(members)} arrays ({names}); expected one")
        length = members[0].file_size
        if length > min(MOST_BYTES, MOST_EXPANSION * size + HEADER_BYTES):
            raise InputError(f"holds an array of {length:,} bytes in a file of {size:,}")
        with archive.open(members[0]) as member:
            return _from_stream(member, length)


def _from_stream(stream: IO[bytes], size: int) -> np.ndarray:
    """An array from a stream of ``size`` bytes that holds a header and the numbers."""
    start = stream.read(min(size, HEADER_BYTES))
    if not start.startswith(NPY):
        raise InputError("no .npy file; expected an array that numpy.save wrote")
    header = io.BytesIO(start)
    version = np.lib.format.read_magic(header)
    if version not in ((1, 0), (2, 0)):
        raise InputError(
            f"has a header of version {version}; expected (1, 0) or (2, 0), as arrays of numbers have"
        )
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(header)
    _check_numeric(dtype)
    needed, there = math.prod(shape) * dtype.itemsize, size - header.tell()
    if min(shape, default=0) < 0 or needed != there:
        raise InputError(f"has a header for {needed:,} bytes, shape {shape}, and {there:,} bytes after it")
    return numbers(header.read() + stream.read(size - len(start)), dtype, shape, "F" if fortran else "C")


def _check_numeric(dtype: np.dtype) -> None:
    if dtype.kind not in "biuf":
        raise InputError(f"holds an array of type {dtype}; expected numbers")
