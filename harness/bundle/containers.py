"""The two forms of a bundle, a zip file and a folder: which files there are, and their bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from harness.bundle.layout import ABOUT, MANIFEST
from harness.errors import InputError
from harness.store.files import replaced, writing

ZIP = ".zip"
"""The ending of a bundle that is a zip file. Any other name is that of a folder."""

MOST_EXPANSION = 100
"""How many times larger than the zip file its contents may be together. Bundles of ours stay below 10."""

CHUNK_BYTES = 1 << 20
"""Bytes of a file that are in memory at a time."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The date of all files in a zip file, so that one store gives one zip file, byte for byte."""

UNREADABLE = (
    OSError, ValueError, EOFError, NotImplementedError, RuntimeError, struct.error, zlib.error,
    zipfile.BadZipFile, zipfile.LargeZipFile,
)  # fmt: skip
"""What Python raises for a zip file that is damaged, encrypted, or of a kind that it does not read."""


class Container(Protocol):
    """Files by name. Nothing of them is in memory, and nothing is unpacked."""

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of every file, by its name with ``/`` between folders."""

    def open(self, name: str) -> IO[bytes]:
        """The bytes of a file, from its beginning."""


@dataclass(frozen=True)
class Folder:
    """A bundle that was unpacked, or written as a folder."""

    root: Path
    sizes: dict[str, int]

    def open(self, name: str) -> IO[bytes]:
        """The bytes of a file, from its beginning."""
        return (self.root / name).open("rb")


@dataclass(frozen=True)
class Archive:
    """A bundle as a zip file."""

    file: zipfile.ZipFile
    sizes: dict[str, int]

    def open(self, name: str) -> IO[bytes]:
        """The bytes of a file, from its beginning. There are never more of them than ``sizes`` says."""
        return self.file.open(name)


def is_bundle(path: Path) -> bool:
    """Whether a path is meant as a bundle and not as a store: a file, or a folder that says what it is."""
    if not path.is_dir():
        return path.is_file() or path.suffix == ZIP
    return (path / ABOUT).exists() or (path / MANIFEST).exists()


@contextmanager
def opened(path: Path) -> Iterator[Container]:
    """Give the files of a bundle.

    Raises:
        InputError: It is damaged, or it holds a link, a file twice, or far more than its size allows.
    """
    try:
        if path.is_dir():
            yield Folder(path, _sizes_of_folder(path))
        else:
            with zipfile.ZipFile(path) as file:
                yield Archive(file, _sizes_of_archive(file, path.stat().st_size))
    except InputError:
        raise
    except UNREADABLE as error:
        reason = str(getattr(error, "strerror", None) or error).split("\n")[0][:200]
        raise InputError(f"cannot be read ({reason}); expected a zip file or its folder") from None


def _sizes_of_folder(root: Path) -> dict[str, int]:
    sizes = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder, name)
            status, shown = path.lstat(), path.relative_to(root).as_posix()
            if stat.S_ISREG(status.st_mode):
                sizes[shown] = status.st_size
            elif not stat.S_ISDIR(status.st_mode):
                raise InputError(f"holds {shown[:100]!r}, which is no file; expected files and folders alone")
    return sizes


def _sizes_of_archive(file: zipfile.ZipFile, size: int) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for member in file.infolist():
        if member.is_dir():
            continue
        if member.filename in sizes:
            raise InputError(f"holds {member.filename[:100]!r} twice")
        sizes[member.filename] = member.file_size
    total = sum(sizes.values())
    if total > MOST_EXPANSION * size:
        raise InputError(
            f"would unpack to {total:,} bytes from a file of {size:,}; expected at most {MOST_EXPANSION} "
            "times as many"
        )
    return sizes


def copied(source: IO[bytes], target: Path | None = None) -> str:
    """Copy a file, or only read it where there is no ``target``, and close it; returns its SHA-256."""
    hashed = hashlib.sha256()
    with source:
        if target is None:
            while chunk := source.read(CHUNK_BYTES):
                hashed.update(chunk)
            return hashed.hexdigest()
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            while chunk := source.read(CHUNK_BYTES):
                hashed.update(chunk)
                file.write(chunk)
    return hashed.hexdigest()


def pack(folder: Path, out: Path) -> None:
    """Write a folder as a zip file, whose bytes depend on the folder's files and names alone.

    Raises:
        StoreError: It cannot be written. A file that was there before stays.
    """
    with writing(out), replaced(out) as unfinished, zipfile.ZipFile(unfinished, "w") as file:
        for name in sorted(_sizes_of_folder(folder)):
            member = zipfile.ZipInfo(name, EARLIEST)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            member.file_size = (folder / name).stat().st_size
            with (folder / name).open("rb") as source, file.open(member, "w") as target:
                shutil.copyfileobj(source, target, CHUNK_BYTES)
