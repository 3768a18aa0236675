"""Results on disk: write-once run folders of JSON and parquet, read with DuckDB.

store/runs/ID/run.json        what was run, what it cost, or why it failed
store/runs/ID/users.parquet   per-user scores of a finished run
store/datasets/KEY.json       checksum and sizes of a plan's dataset
store/checkpoints/ID.pt       the state of an unfinished run between two epochs
store/claims/ID.lock          held by the process that does a run; the system frees it when that dies
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from filelock import FileLock, Timeout

from harness import InputError
from harness.checkpoint import Checkpoint


class StoreError(InputError):
    """The store cannot be written or read; nothing in it was changed."""


class Store:
    """A folder of results; a run counts only once its folder is complete."""

    def __init__(self, root: Path) -> None:
        """``root`` is made at the first write."""
        self.root = root

    def __contains__(self, identity: str) -> bool:
        """Whether a run, finished or failed, is stored."""
        return (self._folder(identity) / "run.json").exists()

    def put(self, identity: str, record: Mapping[str, Any], users: pd.DataFrame | None) -> None:
        """Store one run under a temporary name, then rename; what is stored is never changed."""
        unfinished = self.root / "unfinished" / f"{identity}-{uuid.uuid4().hex}"
        try:
            unfinished.mkdir(parents=True)
            if users is not None:
                users.to_parquet(unfinished / "users.parquet", index=False)
            (unfinished / "run.json").write_text(json.dumps(record, indent=1, sort_keys=True))
            self._folder(identity).parent.mkdir(exist_ok=True)
            unfinished.rename(self._folder(identity))
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            if identity not in self:  # or another process stored the same run first
                raise StoreError(f"{self.root}: cannot be written ({error.strerror or error})") from None

    def checkpoint(self, identity: str) -> Checkpoint:
        """Where an unfinished run keeps its state."""
        return Checkpoint(self.root / "checkpoints" / f"{identity}.pt")

    @contextmanager
    def claim(self, identity: str) -> Iterator[bool]:
        """Whether this process may do a run: one at a time may, for as long as it lives."""
        path = self.root / "claims" / f"{identity}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def record(self, identity: str) -> dict[str, Any]:
        """What ``put`` was given.

        Raises:
            InputError: The record cannot be read.
        """
        path = self._folder(identity) / "run.json"
        try:
            found: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: unreadable record ({error}); delete the folder and run again"
            ) from None
        return found

    def forget(self, identity: str) -> None:
        """Remove one run."""
        shutil.rmtree(self._folder(identity))

    def user_means(self, systems: Mapping[str, list[str]]) -> pd.DataFrame:
        """Per-user scores averaged over repetitions.

        Args:
            systems: Identities of each system's finished runs.

        Returns:
            Columns ``system``, ``user`` and one a metric.
        """
        files = pd.DataFrame(
            [
                (name, str(self._folder(identity) / "users.parquet"))
                for name, identities in systems.items()
                for identity in identities
            ],
            columns=["system", "file"],
        )
        query = """
            SELECT system, user, avg(COLUMNS(* EXCLUDE (system, user, file, filename)))
            FROM read_parquet($paths, filename = true) JOIN files ON filename = files.file
            GROUP BY system, user ORDER BY system, user
        """
        with duckdb.connect() as database:
            database.register("files", files)
            try:
                frame = database.execute(query, {"paths": files["file"].tolist()}).df()
            except duckdb.Error as error:
                reason = str(error).split("\n")[0]
                raise InputError(f"{self.root}: unreadable scores ({reason}); delete that run") from None
        return frame.rename(columns=_plain_name)

    def run_means(self, identities: list[str]) -> pd.DataFrame:
        """The mean over users of every metric, one row a run in the given order."""
        rows = [pd.read_parquet(self._folder(each) / "users.parquet") for each in identities]
        return pd.DataFrame([row.drop(columns="user").mean() for row in rows], index=identities)

    def note_dataset(self, key: str, facts: Mapping[str, Any]) -> None:
        """Keep the checksum and sizes of a plan's dataset, so that reports need no data."""
        path = self.root / "datasets" / f"{key}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(facts, indent=1, sort_keys=True))
        unfinished.replace(path)

    def dataset(self, key: str) -> dict[str, Any] | None:
        """What was noted of a dataset, or None."""
        path = self.root / "datasets" / f"{key}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def _folder(self, identity: str) -> Path:
        return self.root / "runs" / identity


def _plain_name(column: str) -> str:
    """DuckDB names an aggregate ``avg(name)`` or ``avg("name")``."""
    return column.removeprefix("avg(").removesuffix(")").strip('"') if "avg(" in column else column
