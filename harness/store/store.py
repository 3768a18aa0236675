"""Results on disk: write-once run folders, laid out as layout.py says, read by scores.py."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from harness.errors import InputError, StoreError
from harness.store import layout, scores
from harness.store.checkpoint import Checkpoint
from harness.store.files import writing
from harness.store.notes import DatasetNotes
from harness.store.record import NewerSchemaError, Record, RunRecord, SearchRecord, read_record

RECORD, SUMS = "run.json", "SHA256SUMS"
USERS, TRIALS = "users.parquet", "trials.parquet"
PROTOTYPES, WEIGHTS = "prototypes.npz", "weights.npz"

FILES = (RECORD, PROTOTYPES, TRIALS, USERS, WEIGHTS)
"""What a run's folder may hold beside the sums."""


class Store:
    """A folder of results; a run counts only once its folder is complete."""

    def __init__(self, root: Path) -> None:
        """``root`` is made at the first write.

        Raises:
            StoreError: It is a file.
        """
        if root.exists() and not root.is_dir():
            raise StoreError(f"{root}: is a file; expected a folder of results")
        self.root = root

    def __contains__(self, identity: str) -> bool:
        """Whether a run, finished or failed, is stored."""
        return (self.folder(identity) / RECORD).exists()

    def put(
        self,
        identity: str,
        record: Record,
        users: pd.DataFrame | None,
        trials: pd.DataFrame | None = None,
        arrays: Mapping[str, Mapping[str, np.ndarray] | None] | None = None,
    ) -> None:
        """Store one run or search; what is stored is never changed.

        ``arrays`` are those of PROTOTYPES and WEIGHTS, by file.

        Raises:
            StoreError: The store cannot be written.
        """
        try:
            with self.whole(identity) as folder:
                for name, frame in ((USERS, users), (TRIALS, trials)):
                    if frame is not None:
                        frame.to_parquet(folder / name, index=False)
                for name, content in (arrays or {}).items():
                    if content:
                        np.savez_compressed(folder / name, allow_pickle=False, **content)
                (folder / RECORD).write_text(json.dumps(record.fields(), indent=1, sort_keys=True))
                (folder / SUMS).write_text(_sums(folder))
        except StoreError:
            if identity not in self:  # or another process stored the same run first
                raise

    @contextmanager
    def whole(self, identity: str) -> Iterator[Path]:
        """An empty folder to fill, which becomes the run's at the end: whole, or not at all.

        Raises:
            StoreError: The store cannot be written, or holds the run already.
        """
        unfinished = self.root / layout.UNFINISHED / f"{identity}-{uuid.uuid4().hex}"
        try:
            with writing(self.root):
                unfinished.mkdir(parents=True)
                yield unfinished
                self.folder(identity).parent.mkdir(exist_ok=True)
                unfinished.rename(self.folder(identity))
        except StoreError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def checkpoint(self, identity: str) -> Checkpoint:
        """Where an unfinished run keeps its state."""
        return Checkpoint(self.root / layout.CHECKPOINTS / f"{identity}.pt")

    def journal(self, identity: str) -> Path:
        """Where Optuna keeps the trials of a search."""
        return self.root / layout.SEARCHES / f"{identity}.journal"

    def trials(self, identity: str) -> pd.DataFrame:
        """One row a trial of a search, as ``tuning.tune`` gave them."""
        return pd.read_parquet(self.folder(identity) / TRIALS)

    @property
    def notes(self) -> DatasetNotes:
        """What is kept of datasets."""
        return DatasetNotes(self.root / layout.DATASETS)

    @contextmanager
    def claim(self, identity: str) -> Iterator[bool]:
        """Whether this process may do a run: one at a time may, for as long as it lives.

        Raises:
            StoreError: The store cannot be written.
        """
        path = self.root / layout.CLAIMS / f"{identity}.lock"
        lock = FileLock(path)
        with writing(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(Timeout):
                lock.acquire(blocking=False)
        try:
            yield lock.is_locked
        finally:
            lock.release()

    def record(self, identity: str) -> Record:
        """The record of a stored run or search.

        Raises:
            InputError: The record cannot be read.
        """
        path = self.folder(identity) / RECORD
        try:
            return read_record(path.read_bytes())
        except NewerSchemaError as error:
            raise InputError(f"{path}: {error}; update IntentBench to read this store") from None
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: unreadable record ({error}); delete the folder and run again"
            ) from None

    def run_record(self, identity: str) -> RunRecord:
        """The record of a stored run.

        Raises:
            InputError: The record cannot be read, or is that of a search.
        """
        record = self.record(identity)
        if not isinstance(record, RunRecord):
            raise InputError(f"{self.folder(identity)}: holds a search; expected a run")
        return record

    def search_record(self, identity: str) -> SearchRecord:
        """The record of a stored search.

        Raises:
            InputError: The record cannot be read, or is that of a run.
        """
        record = self.record(identity)
        if not isinstance(record, SearchRecord):
            raise InputError(f"{self.folder(identity)}: holds a run; expected a search")
        return record

    def runs(self) -> dict[str, RunRecord]:
        """The records of all stored runs, by identity; those of searches are left out.

        Raises:
            InputError: A record cannot be read.
        """
        records = {identity: self.record(identity) for identity in self.identities()}
        return {identity: record for identity, record in records.items() if isinstance(record, RunRecord)}

    def arrays(self, identity: str, name: str) -> dict[str, np.ndarray]:
        """A run's arrays of PROTOTYPES or WEIGHTS; none where it has none."""
        path = self.folder(identity) / name
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def identities(self) -> list[str]:
        """Every stored run."""
        folder = self.root / layout.RUNS
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def is_sound(self, identity: str) -> bool:
        """Whether a run's files are those that were written."""
        folder = self.folder(identity)
        try:
            return (folder / SUMS).read_text() == _sums(folder)
        except OSError:
            return False

    def set_aside(self, identity: str) -> Path:
        """Move a damaged run away, so that it is missing and will be done again; returns where to."""
        place = self.root / layout.DAMAGED / f"{identity}-{uuid.uuid4().hex[:8]}"
        place.parent.mkdir(exist_ok=True)
        self.folder(identity).rename(place)
        return place

    def forget(self, identity: str) -> None:
        """Remove one run."""
        shutil.rmtree(self.folder(identity))

    def user_means(
        self, systems: Mapping[str, list[str]], metrics: Iterable[str] | None = None
    ) -> pd.DataFrame:
        """Per-user scores averaged over each system's finished runs; see ``scores.user_means``."""
        files = {name: [self._scores(each) for each in identities] for name, identities in systems.items()}
        return scores.user_means(files, metrics)

    def run_means(self, identities: list[str]) -> pd.DataFrame:
        """The mean over users of every metric, one row a run in the given order."""
        return scores.run_means([self._scores(each) for each in identities])

    def scores(self, identities: list[str], metrics: list[str]) -> dict[str, pd.DataFrame]:
        """By metric: one row a user, one column a run in the given order."""
        return scores.by_run([self._scores(each) for each in identities], metrics)

    def folder(self, identity: str) -> Path:
        """Where a run's files are."""
        return self.root / layout.RUNS / identity

    def _scores(self, identity: str) -> Path:
        return self.folder(identity) / USERS


def _sums(folder: Path) -> str:
    """SHA-256 of a run's files, a line each."""
    names = [name for name in FILES if (folder / name).exists()]
    return "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
