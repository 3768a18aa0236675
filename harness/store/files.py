"""Writing into the store: what goes wrong is told in one sentence, and a file is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import StoreError


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn what the file system says into a sentence about ``place``.

    Raises:
        StoreError: The disk is full, the folder read-only, a file in the way.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror or error})") from None


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A name beside ``path``, of this process alone, to write to; at the end it takes the place of ``path``.

    The folder is made. Where writing fails, ``path`` stays as it was and nothing lies beside it; a
    process that is killed leaves the file under its temporary name.

    Raises:
        OSError: What the file system says.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):  # the first trouble is the one to tell
            unfinished.unlink(missing_ok=True)
        raise
