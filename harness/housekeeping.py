"""Looking after a store: what was left behind goes, another store's runs come in."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from harness.store import Store
from harness.writing import StoreError, writing


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
    for name in ("unfinished", "damaged"):
        yield from sorted((store.root / name).glob("*"))
    for checkpoint in sorted((store.root / "checkpoints").glob("*")):
        identity = checkpoint.stem.split("-")[0]  # a trial's belongs to its search
        if checkpoint.suffix != ".pt" or identity in store:
            yield checkpoint
    for claim in sorted((store.root / "claims").glob("*.lock")):
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
            _take(store, other.folder(identity), store.folder(identity))
            taken.append(identity)
    for noted in sorted((other.root / "datasets").glob("*.json")):
        if not (store.root / "datasets" / noted.name).exists():
            store.note_dataset(noted.stem, json.loads(noted.read_text()), other.degrees(noted.stem))
    return taken, refused


def _take(store: Store, source: Path, target: Path) -> None:
    unfinished = store.root / "unfinished" / f"{target.name}-{uuid.uuid4().hex}"
    try:
        with writing(store.root):
            shutil.copytree(source, unfinished)
            target.parent.mkdir(exist_ok=True)
            unfinished.rename(target)
    except StoreError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
