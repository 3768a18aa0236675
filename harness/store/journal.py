"""Checksums of the lines of a search's journal, so that a damaged line is found before it is believed.

Optuna appends to the journal, so one checksum of the whole file would be wrong most of the time. Instead
every line, a JSON object, carries the checksum of itself and of the checksum before it. Journals of earlier
versions have lines without checksums; they are taken as they are, and lines with checksums may follow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.store.files import content_of, digest

CHECKSUM = "sha256"
"""The key under which a line carries its checksum. Optuna passes over keys that it does not know."""


class DamagedJournalError(ValueError):
    """A line of a journal is not as it was written. The message is ``line`` and its number."""


def sealed(entry: Mapping[str, Any], before: str) -> dict[str, Any]:
    """An entry with its checksum; ``before`` is that of the line before, empty for the first line."""
    return {**entry, CHECKSUM: _digest(before, json.dumps(entry, sort_keys=True))}


def last_checksum(journal: Path) -> str:
    """Check every line of a journal; returns the checksum that the next line continues.

    A last line without an end is not looked at: its writer was killed, or is still writing.

    Raises:
        DamagedJournalError: A line is not as it was written.
        StoreError: This user may not read the journal.
        OSError: There is no journal, or it cannot be read for other reasons.
    """
    checksum, any_sealed = "", False
    lines = content_of(journal).split(b"\n")[:-1]
    for number, line in enumerate(lines, start=1):
        entry = _parsed(line)
        if entry is None:
            raise DamagedJournalError(f"line {number}")
        found = entry.pop(CHECKSUM, None)
        if found is None and not any_sealed:
            checksum = _digest(checksum, line.hex())
            continue
        checksum, any_sealed = _digest(checksum, json.dumps(entry, sort_keys=True)), True
        if found != checksum:
            raise DamagedJournalError(f"line {number}")
    return checksum


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _digest(before: str, text: str) -> str:
    return digest(f"{before} {text}".encode())
