"""A SQLite file of encoded rows: each row stands under a key, with a checksum."""

from __future__ import annotations

import logging
import sqlite3
import uuid
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from harness.errors import StoreError

T = TypeVar("T")

DTYPE = np.dtype("<f4")

KEYS_A_QUERY = 500
"""SQLite before 3.32 takes at most 999 values in one query."""

PRAGMAS = ("page_size=8192", "locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL")
"""Pages hold several rows, and changes go to a log, which waits for the disk less often than a journal.

The exclusive lock lets the log work on network file systems. A killed process loses no finished batch; a
power cut may lose the last batches.
"""

TABLE = "CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, row BLOB NOT NULL, checksum INTEGER NOT NULL)"

NO_DAMAGE = (
    "unable to open database file", "attempt to write a readonly database", "disk I/O error",
    "database or disk is full", "database is locked", "database table is locked", "out of memory",
    "access permission denied", "interrupted",
)  # fmt: skip
"""What SQLite says when a disk, a right or another process is in the way. All else tells of damage."""

logger = logging.getLogger(__name__)


class RowFile:
    """The rows in one file. Whoever opens it holds the file's lock, see `row_cache`."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Open the file; unless it is only to be read, it is made if it is not there."""
        self.path = path
        if read_only:  # nobody writes to it, so that its lock and its log need not be looked at
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
            self._connection.text_factory = _text
        else:
            self._connection = _connect(path, TABLE)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def read(self, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """The rows [T] that stand under ``keys``; a row that does not fit its checksum is left out."""
        rows, damaged = {}, 0
        for first in range(0, len(keys), KEYS_A_QUERY):
            part = keys[first : first + KEYS_A_QUERY]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, row, checksum FROM rows WHERE key IN ({marks})"
            for key, row, checksum in self._connection.execute(query, part):
                if checksum == _checksum(key, row):
                    rows[key] = np.frombuffer(row, DTYPE)
                else:
                    damaged += 1
        if damaged:
            words = "damaged row is" if damaged == 1 else "damaged rows are"
            logger.warning("%s: %d %s encoded again", self.path, damaged, words)
        return rows

    def add(self, keys: Sequence[str], rows: np.ndarray) -> None:
        """Keep rows [n, T] under ``keys`` [n], all of them or, if the process is killed, none."""
        blobs = [row.tobytes() for row in np.asarray(rows, dtype=DTYPE)]
        values = [(key, blob, _checksum(key, blob)) for key, blob in zip(keys, blobs, strict=True)]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", values)
        if len(self.read(keys)) < len(set(keys)):  # the index leads elsewhere, and would do so every time
            raise sqlite3.DatabaseError("a row that was written is not found")

    def sync(self) -> None:
        """Have everything that was added written to the disk."""
        self._connection.execute("PRAGMA wal_checkpoint(FULL)")

    def width(self) -> int | None:
        """The number of columns of any one row that is sound; None if there is none."""
        for key, row, checksum in self._connection.execute("SELECT key, row, checksum FROM rows"):
            if checksum == _checksum(key, row):
                return len(row) // DTYPE.itemsize
        return None

    def rescue(self, damaged: Path) -> int:
        """Take over the rows that can still be read in a damaged file; returns their number.

        The table is read from its start and from its end, so that one damaged page loses its own rows only.
        The first two pages are different, since they lead to all others.
        """
        before = self._connection.total_changes
        for order in ("ASC", "DESC"):
            with suppress(sqlite3.DatabaseError, UnicodeDecodeError), closing(_connect(damaged)) as source:
                for values in source.execute(f"SELECT key, row, checksum FROM rows ORDER BY rowid {order}"):
                    if values[2] == _checksum(values[0], values[1]):
                        self._connection.execute("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", values)
        self._connection.commit()
        return self._connection.total_changes - before


def with_rows(path: Path, work: Callable[[RowFile], T], read_only: bool = False) -> T:
    """What ``work`` makes of a file's rows. If the file is damaged it is set aside and ``work`` is done anew.

    A file that is ``read_only`` stays as it is, and ``work`` may add nothing to it.

    Raises:
        StoreError: The file cannot be written.
    """
    try:
        try:
            with closing(RowFile(path, read_only)) as file:
                return work(file)
        except sqlite3.DatabaseError as error:
            if read_only or str(error) in NO_DAMAGE:
                raise
        _set_aside(path)
        with closing(RowFile(path)) as file:
            return work(file)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: encoded rows cannot be kept ({error})") from None


def _connect(path: Path, *statements: str) -> sqlite3.Connection:
    """A connection to a file on which ``statements`` are executed. If they fail, the file is closed again."""
    connection = sqlite3.connect(path)
    connection.text_factory = _text
    try:
        for statement in (*(f"PRAGMA {pragma}" for pragma in PRAGMAS), *statements):
            connection.execute(statement)
    except sqlite3.Error:  # an open file would keep its lock, and the next connection would wait for it
        connection.close()
        raise
    except UnicodeDecodeError:  # sqlite3 raises it in place of an error that quotes a damaged file
        connection.close()
        raise sqlite3.DatabaseError("the description of the table is damaged") from None
    return connection


def _text(content: bytes) -> str:
    """A key as text. What is no UTF-8 becomes a key that fits no checksum."""
    return content.decode(errors="replace")


def _set_aside(path: Path) -> None:
    """Give a damaged file another name, and begin a new one with the rows that can still be read."""
    aside = path.with_name(f"{path.name}.damaged-{uuid.uuid4().hex[:8]}")
    for suffix in ("-wal", ""):  # SQLite would play the log into the new file
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").replace(f"{aside}{suffix}")
    with closing(RowFile(path)) as file:
        rescued = file.rescue(aside)
    message = "%s is damaged and was set aside as %s; %d of its rows could be read and are kept"
    logger.warning(message, path, aside, rescued)


def _checksum(key: object, row: object) -> int | None:
    """The checksum of a row and its key; None if damage has left something else in their place."""
    if not isinstance(key, str) or not isinstance(row, bytes):
        return None
    return zlib.crc32(row, zlib.crc32(key.encode()))
