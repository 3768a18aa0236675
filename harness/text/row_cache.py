"""Encoded rows on disk as memory-mapped arrays, by the content of the texts and the encoder's recipe."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from filelock import FileLock

from harness.data.dataset import digest
from harness.store.files import replaced, writing

logger = logging.getLogger(__name__)

Encode = Callable[[Sequence[str]], np.ndarray]

Watcher = Callable[[str, int], Callable[[], None]]
"""Told that something with so many steps begins; returns what to call after each."""

BATCH = 256
"""Texts encoded before their rows are kept."""

DTYPE = np.dtype("<f4")


def cached_table(cache: Path, recipe: str, texts: Sequence[str], encode: Encode) -> np.ndarray:
    """Rows [n, T] of texts that are encoded together; kept as one array by all of their content."""
    path = cache / f"{digest([recipe.encode(), *(text.encode() for text in texts)])}.npy"
    with suppress(FileNotFoundError, ValueError):  # not there, or cut
        rows = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        logger.debug("The text rows were read from the cache %s.", path)
        return rows
    rows = encode(texts)
    with writing(cache), replaced(path) as unfinished, unfinished.open("wb") as file:
        np.save(file, rows)
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def cached_rows(
    cache: Path, recipe: str, texts: Sequence[str], encode: Encode, watch: Watcher | None = None
) -> np.ndarray:
    """Rows [n, T] of texts that are encoded one by one; each is kept, and encoded once in a lifetime.

    ``rows.f32`` holds rows one after the other, ``keys`` a line a row, replaced after it: rows
    without a key are what a killed process left, and are written over.
    """
    folder = cache / digest([recipe.encode()])[:20]
    folder.mkdir(parents=True, exist_ok=True)
    keys = [digest([text.encode()]) for text in texts]
    with FileLock(folder / "lock"):
        known = _known(folder)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        waiting = list(missing.items())
        logger.debug("%d of %d text rows are in the cache %s.", len(texts) - len(waiting), len(texts), folder)
        done = watch("texts to rows", len(waiting)) if watch and waiting else lambda: None
        for first in range(0, len(waiting), BATCH):
            part = waiting[first : first + BATCH]
            rows = encode([text for _, text in part])
            known |= {key: len(known) + place for place, (key, _) in enumerate(part)}
            _append(folder, list(known), rows)
            for _ in part:
                done()
        rows = np.memmap(folder / "rows.f32", DTYPE, "r").reshape(len(known), -1)
    return rows[[known[key] for key in keys]]


def _known(folder: Path) -> dict[str, int]:
    """Each kept text's row number."""
    path = folder / "keys"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return {key: place for place, key in enumerate(lines)}


def _append(folder: Path, keys: Sequence[str], rows: np.ndarray) -> None:
    """Write the rows of the last of ``keys`` behind those of the others, then all keys."""
    rows = np.ascontiguousarray(rows, dtype=DTYPE)
    path = folder / "rows.f32"
    path.touch()
    with path.open("r+b") as file:
        file.truncate((len(keys) - len(rows)) * rows.shape[1] * DTYPE.itemsize)
        file.seek(0, os.SEEK_END)
        file.write(rows.tobytes())
        file.flush()
        os.fsync(file.fileno())
    with replaced(folder / "keys") as unfinished:
        unfinished.write_text("".join(f"{key}\n" for key in keys))
