"""Removing what killed processes left in a store, and taking over the runs of another store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from harness.store import layout
from harness.store.store import Store


def sweep(store: Store) -> list[Path]:
    """Remove unfinished and damaged runs, checkpoints of stored runs, and free claims.

    Checkpoints of runs that are not stored stay, since these runs can go on.

    Returns:
        What was removed.
    """
    removed = []
    for path in _leftovers(store):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        removed.append(path)
    return removed


def _leftovers(store: Store) -> Iterator[Path]:
    for name in (layout.UNFINISHED, layout.DAMAGED):
        yield from sorted((store.root / name).glob("*"))
    for checkpoint in sorted((store.root / layout.CHECKPOINTS).glob("*")):
        if checkpoint.suffix != ".pt" or layout.task_of(checkpoint.stem) in store:
            yield checkpoint
    for claim in sorted((store.root / layout.CLAIMS).glob("*.lock")):
        with store.claim(claim.stem) as is_free:
            if is_free:
                yield claim


def merge(store: Store, other: Store) -> tuple[list[str], list[str]]:
    """Copy what ``store`` lacks of the sound runs and of the datasets of ``other``.

    Returns:
        The identities that were copied, and those of damaged runs, which were not.

    Raises:
        StoreError: This store cannot be written.
    """
    copied, damaged = [], []
    for identity in other.identities():
        if not other.is_sound(identity):
            damaged.append(identity)
        elif identity not in store:
            with store.whole(identity) as folder:
                shutil.copytree(other.folder(identity), folder, dirs_exist_ok=True)
            copied.append(identity)
    for key in other.notes:
        description = None if key in store.notes else other.notes.description(key)
        if description is not None:
            store.notes.write(key, description, other.notes.degrees(key))
    return copied, damaged
