"""Writing into the store: what goes wrong is told in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import InputError


class StoreError(InputError):
    """The store cannot be written or read; nothing in it was changed."""


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
