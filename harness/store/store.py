"""Results on disk: a folder for every run and search, written once and never changed."""

from __future__ import annotations

import json
import os
import shutil
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from filelock import FileLock, Timeout

from harness.errors import InputError, StoreError
from harness.store import layout, scores
from harness.store.checkpoint import Checkpoint
from harness.store.columns import SCORE, STATE, TRIAL
from harness.store.files import writing
from harness.store.layout import LISTS, RECORD, SUMS, TRIALS, USERS
from harness.store.notes import DatasetNotes
from harness.store.record import NewerSchemaError, Record, RunRecord, SearchRecord, read_record
from harness.store.sums import problem, sums


class Store:
    """A folder of results. A run or search is in it as soon as its own folder is complete."""

    def __init__(self, root: Path) -> None:
        """Use the folder ``root``, which is made at the first write.

        Raises:
            StoreError: ``root`` is a file.
        """
        if root.exists() and not root.is_dir():
            raise StoreError(f"{root}: is a file; expected a folder of results")
        self.root = root

    def __contains__(self, identity: str) -> bool:
        """Whether a run or search is stored, finished or failed, sound or damaged."""
        return os.path.lexists(self.folder(identity))

    def identities(self) -> list[str]:
        """The identities of all stored runs and searches, sound or damaged."""
        folder = self.root / layout.RUNS
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
        return [path.name for path in paths if _is_stored(path)]

    def folder(self, identity: str) -> Path:
        """Where the files of a run or search lie."""
        return self.root / layout.RUNS / identity

    def put(
        self,
        identity: str,
        record: Record,
        users: pd.DataFrame | None,
        trials: pd.DataFrame | None = None,
        arrays: Mapping[str, Mapping[str, np.ndarray] | None] | None = None,
        lists: pd.DataFrame | None = None,
    ) -> None:
        """Store one run or search. If it is stored already, nothing changes.

        Args:
            identity: Its identity.
            record: Its record.
            users: Per-user scores of a finished run: column ``USER`` and one for each metric.
            trials: The trials of a finished search: one row each.
            arrays: Arrays by name, for each of the files PROTOTYPES and WEIGHTS.
            lists: The lists of a finished run, in the form of ``harness.external.list_files``.

        Raises:
            StoreError: The store cannot be written.
        """
        try:
            with self.whole(identity) as folder:
                for name, frame in ((USERS, users), (TRIALS, trials), (LISTS, lists)):
                    if frame is not None:
                        frame.to_parquet(folder / name, index=False)
                for name, content in (arrays or {}).items():
                    if content:
                        np.savez_compressed(folder / name, allow_pickle=False, **content)
                (folder / RECORD).write_text(json.dumps(record.fields(), indent=1, sort_keys=True))
                (folder / SUMS).write_text(sums(folder))
        except StoreError:
            if not self.is_sound(identity):  # otherwise another process has stored the same run meanwhile
                raise

    @contextmanager
    def whole(self, identity: str) -> Iterator[Path]:
        """Give an empty folder to fill, which becomes the folder of ``identity`` when the block ends.

        Raises:
            StoreError: The store cannot be written, or ``identity`` is stored already.
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

    @contextmanager
    def claim(self, identity: str) -> Iterator[bool]:
        """Claim a run for this process, so that no two processes do it at the same time.

        Yields:
            Whether the claim succeeded. It lasts until the block ends, or the process.

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

    @property
    def notes(self) -> DatasetNotes:
        """What is kept of datasets."""
        return DatasetNotes(self.root / layout.DATASETS)

    def checkpoint(self, identity: str) -> Checkpoint:
        """Where an unfinished run, or trial, keeps its state."""
        return Checkpoint(self.root / layout.CHECKPOINTS / f"{identity}.pt")

    def journal(self, identity: str) -> Path:
        """Where Optuna keeps the trials of a search."""
        return self.root / layout.SEARCHES / f"{identity}.journal"

    def record(self, identity: str) -> Record:
        """The record of a run or search.

        Raises:
            InputError: It cannot be read.
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
        """The record of a run.

        Raises:
            InputError: It cannot be read, or it is that of a search.
        """
        record = self.record(identity)
        if not isinstance(record, RunRecord):
            raise InputError(f"{self.folder(identity)}: holds a search; expected a run")
        return record

    def search_record(self, identity: str) -> SearchRecord:
        """The record of a search.

        Raises:
            InputError: It cannot be read, or it is that of a run.
        """
        record = self.record(identity)
        if not isinstance(record, SearchRecord):
            raise InputError(f"{self.folder(identity)}: holds a run; expected a search")
        return record

    def runs(self) -> dict[str, RunRecord]:
        """The records of all sound runs, by identity. Searches are left out.

        Raises:
            InputError: A record cannot be read, though its file is as it was written.
        """
        records = {
            identity: self.record(identity) for identity in self.identities() if self.is_sound(identity)
        }
        return {identity: record for identity, record in records.items() if isinstance(record, RunRecord)}

    def damaged(self) -> list[str]:
        """The identities of runs and searches whose files are not those that were written."""
        return [identity for identity in self.identities() if not self.is_sound(identity)]

    def trials(self, identity: str) -> pd.DataFrame:
        """The trials of a search: one row each, columns TRIAL, STATE, SCORE and those of their values.

        Raises:
            InputError: The file cannot be read, though it fits its checksum, or it lacks a column.
        """
        path = self.folder(identity) / TRIALS
        with _reading(path):
            trials = pd.read_parquet(path)
            missing = [column for column in (TRIAL, STATE, SCORE) if column not in trials]
            if missing:
                raise ValueError(f"no column {missing[0]!r}")
        return trials

    def lists(self, identity: str) -> pd.DataFrame | None:
        """The lists of a run; None if it has kept none.

        Raises:
            InputError: The file cannot be read, though it fits its checksum.
        """
        path = self.folder(identity) / LISTS
        if not path.exists():
            return None
        with _reading(path):
            return pd.read_parquet(path)

    def arrays(self, identity: str, name: str) -> dict[str, np.ndarray]:
        """Arrays of a run by name, from its file PROTOTYPES or WEIGHTS; empty if it has no such file.

        Raises:
            InputError: The file cannot be read, though it fits its checksum.
        """
        path = self.folder(identity) / name
        if not path.exists():
            return {}
        with _reading(path), path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)

    def run_means(self, identities: list[str]) -> pd.DataFrame:
        """The mean of every metric over users, one row for each run in the given order."""
        return scores.run_means([self._scores(run) for run in identities])

    def scores(self, identities: list[str], metrics: list[str]) -> dict[str, pd.DataFrame]:
        """By metric: one row for each user, one column for each run in the given order."""
        return scores.by_run([self._scores(run) for run in identities], metrics)

    def is_sound(self, identity: str) -> bool:
        """Whether a run or search is stored and its files are those that were written."""
        return not self.problem(identity)

    def problem(self, identity: str) -> str:
        """Why a run or search is not sound, in a few words; empty if it is.

        Raises:
            StoreError: This user may not read its files.
        """
        return problem(self.folder(identity))

    def forget(self, identity: str) -> None:
        """Delete one run or search.

        Raises:
            StoreError: The store cannot be written.
        """
        with writing(self.root):
            shutil.rmtree(self.folder(identity))

    def _scores(self, identity: str) -> Path:
        return self.folder(identity) / USERS


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what the libraries raise for a file that they cannot read into one sentence.

    Raises:
        InputError: They cannot read the file ``path``.
    """
    try:
        yield
    except (
        OSError,
        ValueError,
        TypeError,
        EOFError,
        pa.ArrowException,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        reason = str(error).split("\n")[0]
        raise InputError(
            f"{path}: cannot be read ({reason}); delete the folder and run the plan again"
        ) from None


def _is_stored(path: Path) -> bool:
    """Whether something among the runs is one, and not a file that an editor or a file manager left."""
    return bool(layout.IDENTITY.fullmatch(path.name)) or (path.is_dir() and not path.name.startswith("."))
