"""Keeps the rows of encoded texts, so that no text is encoded twice by the same encoder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from filelock import FileLock

from harness.data.dataset import digest
from harness.errors import InputError, StoreError
from harness.store.files import writing
from harness.text.old_rows import take_over_rows, take_over_table
from harness.text.row_file import DTYPE, RowFile, with_rows

T = TypeVar("T")

logger = logging.getLogger(__name__)

Encode = Callable[[Sequence[str]], np.ndarray]

Watcher = Callable[[str, int], Callable[[], None]]
"""Is told that work of so many steps begins; returns what is to be called after each step."""

BATCH = 256
"""So many texts are encoded before their rows are kept."""


def cached_table(cache: Path, recipe: str, texts: Sequence[str], encode: Encode) -> np.ndarray:
    """Rows [n, T] of texts that are encoded together, so that each row depends on all texts.

    Args:
        cache: The folder of kept rows.
        recipe: Identifies the encoder and its settings.
        texts: The texts, [n].
        encode: The encoder.

    Raises:
        StoreError: The folder cannot be written.
    """
    whole = digest([recipe.encode(), *(text.encode() for text in texts)])
    keys = [f"{whole} {position}" for position in range(len(texts))]

    def complete(file: RowFile) -> dict[str, np.ndarray]:
        take_over_table(cache / f"{whole}.npy", file, keys)
        rows = file.read(keys)
        logger.debug("%d of %d text rows are in the cache %s.", len(rows), len(keys), file.path)
        if len(rows) < len(keys):
            encoded = np.asarray(encode(texts), DTYPE)
            file.add(keys, encoded)
            rows = dict(zip(keys, encoded, strict=True))
        return rows

    rows = _locked(cache, recipe, complete)
    return np.stack([rows[key] for key in keys])


def cached_rows(
    cache: Path, recipe: str, texts: Sequence[str], encode: Encode, watch: Watcher | None = None
) -> np.ndarray:
    """Rows [n, T] of texts that are encoded one by one; the row of each text is kept by itself.

    Args:
        cache: The folder of kept rows.
        recipe: Identifies the encoder and its settings.
        texts: The texts, [n].
        encode: The encoder.
        watch: Is told how many texts are encoded.

    Raises:
        InputError: The encoder makes rows of another width than it did before.
        StoreError: The folder cannot be written.
    """
    keys = [digest([text.encode()]) for text in texts]
    by_key = dict(zip(keys, texts, strict=True))

    def width() -> int:
        return int(encode([max(texts, key=len)]).shape[1])

    def complete(file: RowFile) -> dict[str, np.ndarray]:
        take_over_rows(cache / _name(recipe), file, width)
        rows = file.read(list(by_key))
        missing = [key for key in by_key if key not in rows]
        logger.debug("%d of %d text rows are in the cache %s.", len(rows), len(by_key), file.path)
        advance = watch("texts to rows", len(missing)) if watch and missing else lambda: None
        for first in range(0, len(missing), BATCH):
            part = missing[first : first + BATCH]
            encoded = np.asarray(encode([by_key[key] for key in part]), DTYPE)
            if file.width() not in (None, encoded.shape[1]):
                raise InputError(
                    f"the encoder makes rows of {encoded.shape[1]} numbers, but {file.path} keeps rows of "
                    f"{file.width()}, so another model has taken this name; remove that file to have every "
                    "text encoded again"
                )
            file.add(part, encoded)
            rows |= zip(part, encoded, strict=True)
            for _ in part:
                advance()
        return rows

    rows = _locked(cache, recipe, complete)
    return np.stack([rows[key] for key in keys])


def _name(recipe: str) -> str:
    return digest([recipe.encode()])[:20]


def _locked(cache: Path, recipe: str, complete: Callable[[RowFile], T]) -> T:
    """What ``complete`` makes of an encoder's file, while other processes that need the file wait."""
    path = cache / f"{_name(recipe)}.sqlite"
    try:
        with writing(cache):
            cache.mkdir(parents=True, exist_ok=True)
            held = FileLock(path.with_suffix(".lock")).acquire()
    except StoreError:  # a store that can only be read may hold all rows already
        if not path.exists():
            raise
        return with_rows(path, complete, read_only=True)
    with held:
        return with_rows(path, complete)
