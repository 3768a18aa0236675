"""Removing what killed processes left in a store, and taking over the runs of another store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from harness.errors import InputError
from harness.store import damage, layout
from harness.store.columns import DEGREE, USER
from harness.store.files import writing
from harness.store.store import Store
from harness.store.temporary import remove_abandoned


def sweep(store: Store) -> list[Path]:
    """Remove what is of no use any more, and nothing that a living process is at work on.

    That is unfinished and damaged runs, checkpoints of stored runs, files and folders with temporary names,
    and free claims. Checkpoints of runs that are not stored stay, since these runs can go on.

    Returns:
        What was removed.

    Raises:
        StoreError: The store cannot be written.
    """
    removed = []
    for path in _leftovers(store):
        with writing(path):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        removed.append(path)
    return removed + remove_abandoned()


def _leftovers(store: Store) -> Iterator[Path]:
    yield from sorted((store.root / layout.DAMAGED).glob("*"))
    for unfinished in sorted((store.root / layout.UNFINISHED).glob("*")):
        with store.claim(layout.task_of(unfinished.name)) as is_free:
            if is_free:
                yield unfinished
    for checkpoint in sorted((store.root / layout.CHECKPOINTS).glob("*")):
        task = layout.task_of(checkpoint.stem.removeprefix("."))
        with store.claim(task.partition(".")[0]) as is_free:
            if is_free and (checkpoint.suffix != ".pt" or task in store):
                yield checkpoint
    for claim in sorted((store.root / layout.CLAIMS).glob("*.lock")):
        with store.claim(claim.stem) as is_free:
            if is_free:
                yield claim


def merge(store: Store, other: Store) -> tuple[list[str], list[str]]:
    """Copy what ``store`` lacks, or holds damaged, of the sound runs and of the datasets of ``other``.

    Returns:
        The identities of runs that were copied, and those of damaged runs and datasets, which were not.

    Raises:
        StoreError: This store cannot be written.
        InputError: The stores have other names for the users of a dataset. Nothing was copied.
    """
    for key in other.notes:
        _check_users(store, other, key)
    copied, damaged = [], []
    for identity in other.identities():
        if not other.is_sound(identity):
            damaged.append(identity)
        elif not store.is_sound(identity):
            for part in damage.of_task(store, identity):
                damage.set_aside(store, part)
            with store.whole(identity) as folder:
                shutil.copytree(other.folder(identity), folder, dirs_exist_ok=True)
            copied.append(identity)
    for key in other.notes:
        if damage.of_dataset(other, key):
            damaged.append(key)
        elif key not in store.notes:
            _take_dataset(store, other, key)
    return copied, damaged


def _check_users(store: Store, other: Store, key: str) -> None:
    """Refuse a dataset whose users have other names here: their scores could not be compared."""
    if damage.of_dataset(other, key) or damage.of_dataset(store, key):
        return
    descriptions = [each.notes.description(key) for each in (store, other)]
    checksums = [description["checksum"] for description in descriptions if description is not None]
    tables = [table for each in (store, other) if (table := each.notes.degrees(key)) is not None]
    if len(tables) < 2 or checksums[0] != checksums[1]:
        return
    first, second = (table.set_index(USER)[DEGREE].sort_index() for table in tables)
    if not (first.index.equals(second.index) and (first.to_numpy() == second.to_numpy()).all()):
        raise InputError(
            f"{store.root}: the users of the dataset {key} have other names here, as they have where one of "
            "both is anonymous; expected a store of its own for an anonymous bundle"
        )


def _take_dataset(store: Store, other: Store, key: str) -> None:
    for part in damage.of_dataset(store, key):
        damage.set_aside(store, part)
    description = other.notes.description(key)
    if description is not None:
        store.notes.write(key, description, other.notes.degrees(key))
