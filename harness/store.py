"""Results on disk: write-once run folders of JSON and parquet, read by scores.py.

store/runs/ID/run.json        what was run, what it cost, or why it failed
store/runs/ID/users.parquet   per-user scores of a finished run
store/runs/ID/trials.parquet  in its place, the trials of a search for hyper-parameters
store/runs/ID/prototypes.npz  of systems with intent prototypes: who belongs to which
store/runs/ID/weights.npz     of systems that start warm: what the next window starts from
store/runs/ID/SHA256SUMS      of all, as sha256sum reads them
store/damaged/ID              a run whose sums do not fit any more, set aside
store/datasets/KEY.json       checksum and sizes of a plan's dataset
store/datasets/KEY.parquet    train pairs of each of its users
store/checkpoints/ID.pt       the state of an unfinished run between two epochs
store/searches/ID.journal     Optuna's journal of a search, kept for those who look into it
store/claims/ID.lock          held by the process that does a run; the system frees it when that dies
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from harness import InputError, scores
from harness.checkpoint import Checkpoint
from harness.writing import StoreError, writing

SUMS = "SHA256SUMS"
USERS, TRIALS = "users.parquet", "trials.parquet"
PROTOTYPES, WEIGHTS = "prototypes.npz", "weights.npz"

FILES = ("run.json", PROTOTYPES, TRIALS, USERS, WEIGHTS)
"""What a run's folder may hold beside the sums."""


def trial_name(search: str, run: str) -> str:
    """What a trial's checkpoint is called, from the identities of its search and its run."""
    return f"{search}-{run}"


class Store:
    """A folder of results; a run counts only once its folder is complete."""

    def __init__(self, root: Path) -> None:
        """``root`` is made at the first write."""
        self.root = root

    def __contains__(self, identity: str) -> bool:
        """Whether a run, finished or failed, is stored."""
        return (self.folder(identity) / "run.json").exists()

    def put(
        self,
        identity: str,
        record: Mapping[str, Any],
        users: pd.DataFrame | None,
        trials: pd.DataFrame | None = None,
        arrays: Mapping[str, Mapping[str, np.ndarray] | None] | None = None,
    ) -> None:
        """Store one run or search under a temporary name, then rename; what is stored is never changed.

        ``arrays`` are those of PROTOTYPES and WEIGHTS, by file.

        Raises:
            StoreError: The store cannot be written.
        """
        unfinished = self.root / "unfinished" / f"{identity}-{uuid.uuid4().hex}"
        try:
            with writing(self.root):
                unfinished.mkdir(parents=True)
                for name, frame in ((USERS, users), (TRIALS, trials)):
                    if frame is not None:
                        frame.to_parquet(unfinished / name, index=False)
                for name, content in (arrays or {}).items():
                    if content:
                        np.savez_compressed(unfinished / name, allow_pickle=False, **content)
                (unfinished / "run.json").write_text(json.dumps(record, indent=1, sort_keys=True))
                (unfinished / SUMS).write_text(_sums(unfinished))
                self.folder(identity).parent.mkdir(exist_ok=True)
                unfinished.rename(self.folder(identity))
        except StoreError:
            shutil.rmtree(unfinished, ignore_errors=True)
            if identity not in self:  # or another process stored the same run first
                raise

    def checkpoint(self, identity: str) -> Checkpoint:
        """Where an unfinished run keeps its state."""
        return Checkpoint(self.root / "checkpoints" / f"{identity}.pt")

    def journal(self, identity: str) -> Path:
        """Where Optuna keeps the trials of a search."""
        return self.root / "searches" / f"{identity}.journal"

    def trials(self, identity: str) -> pd.DataFrame:
        """One row a trial of a search, as ``tuning.tune`` gave them."""
        return pd.read_parquet(self.folder(identity) / TRIALS)

    @contextmanager
    def claim(self, identity: str) -> Iterator[bool]:
        """Whether this process may do a run: one at a time may, for as long as it lives.

        Raises:
            StoreError: The store cannot be written.
        """
        path = self.root / "claims" / f"{identity}.lock"
        lock = FileLock(path)
        with writing(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(Timeout):
                lock.acquire(blocking=False)
        try:
            yield lock.is_locked
        finally:
            lock.release()

    def record(self, identity: str) -> dict[str, Any]:
        """What ``put`` was given.

        Raises:
            InputError: The record cannot be read.
        """
        path = self.folder(identity) / "run.json"
        try:
            found: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: unreadable record ({error}); delete the folder and run again"
            ) from None
        return found

    def arrays(self, identity: str, name: str) -> dict[str, np.ndarray]:
        """A run's arrays of PROTOTYPES or WEIGHTS; none where it has none."""
        path = self.folder(identity) / name
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def identities(self) -> list[str]:
        """Every stored run."""
        folder = self.root / "runs"
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
        place = self.root / "damaged" / f"{identity}-{uuid.uuid4().hex[:8]}"
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

    def note_dataset(self, key: str, facts: Mapping[str, Any], degrees: pd.DataFrame | None) -> None:
        """Keep what reports need of a plan's dataset, so that they need no data.

        Args:
            key: From ``runs.dataset_key``.
            facts: Checksum and sizes.
            degrees: Columns ``user`` (token) and ``degree`` (train pairs); None where not known.
        """
        path = self.root / "datasets" / f"{key}.json"
        unfinished = path.with_suffix(f".{os.getpid()}")
        with writing(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            if degrees is not None:
                degrees.to_parquet(unfinished, index=False)
                unfinished.replace(path.with_suffix(".parquet"))
            unfinished.write_text(json.dumps(facts, indent=1, sort_keys=True))
            unfinished.replace(path)

    def degrees(self, key: str) -> pd.DataFrame | None:
        """The train pairs of a dataset's users, or None where they were not noted."""
        path = self.root / "datasets" / f"{key}.parquet"
        return pd.read_parquet(path) if path.exists() else None

    def dataset(self, key: str) -> dict[str, Any] | None:
        """What was noted of a dataset, or None."""
        path = self.root / "datasets" / f"{key}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def folder(self, identity: str) -> Path:
        """Where a run's files are."""
        return self.root / "runs" / identity

    def _scores(self, identity: str) -> Path:
        return self.folder(identity) / USERS


def _sums(folder: Path) -> str:
    """SHA-256 of a run's files, a line each."""
    names = [name for name in FILES if (folder / name).exists()]
    return "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
