"""Temporary folders with users' data, which are removed even if the process that made them was killed.

The process that uses such a folder holds a lock in it, which the system frees when the process ends. A
folder whose lock is free belongs to nobody, and the next run removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

PREFIX = "intentbench-"
"""How the names of all these folders begin."""

LOCK = "in-use.lock"

UNLOCKED = {"train-pairs"}
"""What the folders of earlier versions hold, which had no lock."""


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a new folder, which is removed when the block ends, or else when the process does."""
    folder, lock = _locked_folder()
    try:
        yield Path(folder.name)
    finally:
        folder.cleanup()
        lock.release()


def _locked_folder() -> tuple[tempfile.TemporaryDirectory[str], FileLock]:
    """A new folder and its lock, held. Until it is held, another process may remove the folder."""
    while True:
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        path = Path(folder.name) / LOCK
        lock = FileLock(path)
        with suppress(Timeout, FileNotFoundError):
            lock.acquire(blocking=False)
            if path.exists():
                return folder, lock
        lock.release()
        folder.cleanup()


def remove_abandoned() -> list[Path]:
    """Remove the folders of this user whose processes are gone; returns them.

    Folders that cannot be removed stay without a word, since they hinder nobody.
    """
    removed = []
    for folder in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
        with suppress(OSError):
            status = folder.lstat()
            is_own = folder.is_dir() and not folder.is_symlink() and status.st_uid == os.getuid()
            if is_own and _remove(folder, status.st_mtime):
                removed.append(folder)
    return removed


def _remove(folder: Path, made: float) -> bool:
    """Remove a folder if it belongs to nobody; whether it did."""
    names = {path.name for path in folder.iterdir()}
    if LOCK in names:
        lock = FileLock(folder / LOCK)
        with suppress(Timeout), lock.acquire(blocking=False):
            shutil.rmtree(folder)
            return True
        return False
    if not names:
        folder.rmdir()  # fails if its process has put the lock there meanwhile
        return True
    if names <= UNLOCKED and not _may_be_used(made):
        shutil.rmtree(folder)
        return True
    return False


def _may_be_used(made: float) -> bool:
    """Whether a process is alive that may have made a folder without a lock at this time."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            is_ours = process.uids().real == os.getuid() and process.pid != os.getpid()
            may_be_python = any(name in process.name().lower() for name in ("python", "intentbench", "dask"))
            if is_ours and may_be_python and process.create_time() <= made:
                return True
    return False
