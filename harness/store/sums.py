"""The checksums of a run's folder: the file SHA256SUMS, in the format of the command ``sha256sum``."""

from __future__ import annotations

from pathlib import Path

from harness.store.files import content_of, digest
from harness.store.layout import FILES, RECORD, SUMS


def sums(folder: Path) -> str:
    """A line for each file of a folder: its SHA-256 and its name."""
    names = [name for name in FILES if (folder / name).exists()]
    return "".join(f"{digest(content_of(folder / name))}  {name}\n" for name in names)


def problem(folder: Path) -> str:
    """Why a folder is not as it was written, in a few words that follow its path; empty if it is.

    Raises:
        StoreError: This user may not read its files.
    """
    if not folder.is_dir():
        return "is no folder"
    for name in (RECORD, SUMS):
        if not (folder / name).exists():
            return f"has no {name}"
    try:
        is_as_written = content_of(folder / SUMS) == sums(folder).encode()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if is_as_written else "holds files that do not fit their checksums"
