"""Finding what is damaged in a store, and moving it away so that the work is done again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.store import layout
from harness.store.checkpoint import Checkpoint
from harness.store.files import writing
from harness.store.journal import DamagedJournalError, last_checksum
from harness.store.store import Store


@dataclass(frozen=True)
class Damage:
    """A file or folder that is not as it was written.

    Attributes:
        path: Where it lies.
        reason: What is wrong with it, in a few words that follow its path and a colon.
        owner: The run, search or dataset that it belongs to; empty for a folder of the store itself.
    """

    path: Path
    reason: str
    owner: str = ""


def of_store(store: Store) -> list[Damage]:
    """Everything that is damaged in a store."""
    checkpoints = (store.root / layout.CHECKPOINTS).glob("*.pt")
    journals = (store.root / layout.SEARCHES).glob("*.journal")
    return [
        *of_folders(store),
        *(damage for identity in store.identities() for damage in _of_run(store, identity)),
        *(damage for path in sorted(checkpoints) for damage in _of_checkpoint(path)),
        *(damage for path in sorted(journals) for damage in _of_journal(path)),
        *(damage for key in store.notes for damage in of_dataset(store, key)),
    ]


def of_folders(store: Store) -> list[Damage]:
    """Files in the place of the store's own folders."""
    folders = [store.root / name for name in layout.FOLDERS]
    in_the_way = [path for path in folders if path.exists() and not path.is_dir()]
    return [Damage(path, "is a file; expected a folder") for path in in_the_way]


def of_task(store: Store, identity: str) -> list[Damage]:
    """What is damaged of a run or search: its folder or, if it is not stored, the files it goes on from."""
    return list(_of_run(store, identity)) if identity in store else of_unfinished(store, identity)


def of_unfinished(store: Store, identity: str) -> list[Damage]:
    """What is damaged of checkpoints, those of a search's trials too, and of the journal of a search."""
    checkpoints = (store.root / layout.CHECKPOINTS).glob(f"{identity}*.pt")
    return [
        *(damage for path in sorted(checkpoints) for damage in _of_checkpoint(path)),
        *_of_journal(store.journal(identity)),
    ]


def of_dataset(store: Store, key: str) -> list[Damage]:
    """What is damaged of what is kept of a dataset."""
    return [Damage(path, "is not as it was written", key) for path in store.notes.problems(key)]


def set_aside(store: Store, damage: Damage) -> Path | None:
    """Move what is damaged to the folder of damaged things, where nothing looks for it.

    Returns:
        Where it lies now; None if it was gone or mended by now, or if another process is at work on it.

    Raises:
        StoreError: The store cannot be written.
    """
    if not damage.owner:
        return move_away(store, damage.path) if damage in of_folders(store) else None
    with store.claim(damage.owner) as is_free:
        is_damaged = damage in _of_owner(store, damage.owner)
        return move_away(store, damage.path) if is_free and is_damaged else None


def move_away(store: Store, path: Path) -> Path | None:
    """Move a file or folder to the folder of damaged things.

    Returns:
        Where it lies now; None if there is no such file or folder.

    Raises:
        StoreError: The store cannot be written.
    """
    place = store.root / layout.DAMAGED / f"{path.name}-{uuid.uuid4().hex[:8]}"
    with writing(place.parent), suppress(FileNotFoundError):
        place.parent.mkdir(exist_ok=True)
        path.rename(place)
        return place
    return None


def _of_owner(store: Store, owner: str) -> list[Damage]:
    return [*_of_run(store, owner), *of_unfinished(store, owner), *of_dataset(store, owner)]


def _of_run(store: Store, identity: str) -> Iterator[Damage]:
    reason = store.problem(identity) if identity in store else ""
    if reason:
        yield Damage(store.folder(identity), reason, identity)


def _of_checkpoint(path: Path) -> Iterator[Damage]:
    if Checkpoint(path).is_damaged:
        yield Damage(path, "does not fit its checksum", layout.task_of(path.stem))


def _of_journal(path: Path) -> Iterator[Damage]:
    try:
        last_checksum(path)
    except FileNotFoundError:
        return
    except DamagedJournalError as error:
        yield Damage(path, f"is damaged in {error}", path.stem)
    except OSError as error:
        yield Damage(path, f"cannot be read ({error.strerror})", path.stem)
