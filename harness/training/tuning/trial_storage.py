"""Where Optuna keeps the trials of a search: in a database, or in a journal file in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import ArgumentError

from harness.errors import StoreError
from harness.store.files import writing
from harness.store.journal import CHECKSUM, DamagedJournalError, last_checksum, sealed

EXAMPLES = "sqlite:///trials.db or postgresql+psycopg://HOST/NAME"
"""URLs of databases, as ``--storage`` takes them."""


@contextmanager
def open_storage(url: str | None, journal: Path) -> Iterator[BaseStorage]:
    """Open Optuna's storage, and close it when the block ends.

    Only the process that holds the search's claim may open it, because what a killed process left unfinished
    in the journal is removed.

    Args:
        url: Any URL that Optuna accepts. None for a journal.
        journal: The journal file of the search, which is used if there is no URL.

    Raises:
        StoreError: The URL is none, nothing answers there, or the journal is damaged or cannot be written.
    """
    if url is None:
        with writing(journal):
            journal.parent.mkdir(parents=True, exist_ok=True)
            _remove_unfinished(journal)
            backend = _SealedJournal(journal)
        yield JournalStorage(backend)
        return
    try:
        storage = RDBStorage(url)
    except ArgumentError:
        raise StoreError(f"--storage: no database has this URL; expected one such as {EXAMPLES}") from None
    except Exception as error:  # whatever SQLAlchemy or the driver raises; the URL may hold a password
        reason = str(error).split("\n")[0].replace(url, "the URL")
        raise StoreError(f"--storage: cannot be opened ({type(error).__name__}: {reason})") from None
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


class _SealedJournal(JournalFileBackend):
    """Optuna's journal in a file, each of whose lines carries a checksum."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        try:
            self.checksum = last_checksum(path)
        except DamagedJournalError as error:
            raise StoreError(
                f"{path}: is damaged in {error}; `intentbench store verify` sets it aside"
            ) from None

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append entries, each with its checksum."""
        entries = []
        for log in logs:
            entries.append(sealed(log, self.checksum))
            self.checksum = entries[-1][CHECKSUM]
        with writing(self.path):
            super().append_logs(entries)


def _remove_unfinished(journal: Path) -> None:
    """Remove the lock and the half-written last line that a killed process may have left."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists():
        content = journal.read_bytes()
        whole_lines = content.rfind(b"\n") + 1
        if whole_lines < len(content):
            with journal.open("r+b") as file:
                file.truncate(whole_lines)
