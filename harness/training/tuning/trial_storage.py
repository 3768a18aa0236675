"""Where Optuna keeps the trials of a search: in a database, or in a journal file in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from harness.errors import StoreError


@contextmanager
def open_storage(url: str | None, journal: Path) -> Iterator[BaseStorage]:
    """Open Optuna's storage, and close it when the block ends.

    Only the process that holds the search's claim may open it, because what a killed process left unfinished
    in the journal is removed.

    Args:
        url: Any URL that Optuna accepts. None for a journal.
        journal: The journal file of the search, which is used if there is no URL.

    Raises:
        StoreError: Nothing answers at the URL.
    """
    if url is None:
        journal.parent.mkdir(parents=True, exist_ok=True)
        _remove_unfinished(journal)
        yield JournalStorage(JournalFileBackend(str(journal)))
        return
    try:
        storage = RDBStorage(url)
    except Exception as error:  # whatever SQLAlchemy or the driver raises; the URL may hold a password
        reason = str(error).split("\n")[0].replace(url, "the URL")
        raise StoreError(f"--storage: cannot be opened ({type(error).__name__}: {reason})") from None
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _remove_unfinished(journal: Path) -> None:
    """Remove the lock and the half-written last line that a killed process may have left."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists():
        content = journal.read_bytes()
        whole_lines = content.rfind(b"\n") + 1
        if whole_lines < len(content):
            with journal.open("r+b") as file:
                file.truncate(whole_lines)
