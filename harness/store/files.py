"""Files of a store: each is written as a whole, and errors of the file system become one sentence."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import StoreError


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn errors of the file system inside the block into one sentence that names ``place``.

    Raises:
        StoreError: Something cannot be written: the disk is full, the folder is read-only, a file is in
            the way.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror or error})") from None


def content_of(path: Path) -> bytes:
    """The content of a file that may be damaged.

    Raises:
        StoreError: This user may not read it, which is no damage.
        OSError: There is no such file, or it cannot be read for other reasons.
    """
    try:
        return path.read_bytes()
    except PermissionError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from None


def digest(content: bytes) -> str:
    """SHA-256 of a content, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path`` to write to; when the block ends, it replaces ``path``.

    The folder is made if need be. If writing fails, ``path`` stays as it was and the temporary file is
    removed. Only a process that is killed leaves its temporary file, whose name ends in the process number.

    Raises:
        OSError: The file system refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            unfinished.unlink(missing_ok=True)
        raise
