"""Looking after a store: what was left behind goes, another store's runs come in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from harness.store import layout
from harness.store.store import Store


def sweep(store: Store) -> list[Path]:
    """Remove what unfinished and damaged runs left; nothing of a run that is stored or under way.

    Checkpoints of runs that are not stored stay: these runs may go on.
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
        with store.claim(claim.stem) as mine:
            if mine:
                yield claim


def merge(store: Store, other: Store) -> tuple[list[str], list[str]]:
    """Take over another store's sound runs and datasets; returns the new and the refused runs.

    Raises:
        StoreError: This store cannot be written.
    """
    taken, refused = [], []
    for identity in other.identities():
        if not other.is_sound(identity):
            refused.append(identity)
        elif identity not in store:
            with store.whole(identity) as folder:
                shutil.copytree(other.folder(identity), folder, dirs_exist_ok=True)
            taken.append(identity)
    for key in other.notes:
        facts = None if key in store.notes else other.notes.facts(key)
        if facts is not None:
            store.notes.write(key, facts, other.notes.degrees(key))
    return taken, refused
