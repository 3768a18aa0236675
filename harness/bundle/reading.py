"""A bundle from others: every file is compared with its checksum before anything reaches a store."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.bundle.containers import Container, copied, opened
from harness.bundle.layout import ABOUT, FORMAT, MANIFEST, check_name
from harness.errors import InputError
from harness.store import damage, housekeeping
from harness.store.layout import DATASETS, RUNS
from harness.store.store import Store
from harness.store.temporary import temporary_folder

MOST_ABOUT_BYTES = 1 << 24

MOST_MANIFEST_BYTES = 1 << 28
"""More than a manifest of the largest plan takes."""

_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def merge_bundle(store: Store, path: Path) -> list[str]:
    """Copy what ``store`` lacks, or holds damaged, of the runs and datasets of a bundle.

    Returns:
        The identities of runs that were copied.

    Raises:
        InputError: The bundle is not as it was written, its version is unknown, or the store has other
            names for the users of one of its datasets. The store is as it was.
    """
    with unpacked(path) as other:
        copied, _ = housekeeping.merge(store, other)
    return copied


@contextmanager
def unpacked(path: Path) -> Iterator[Store]:
    """Give a temporary store with the runs and datasets of a bundle.

    Raises:
        InputError: The bundle is not as it was written, or its version is unknown.
    """
    with temporary_folder() as folder:
        root = folder / "store"
        try:
            with opened(path) as container:
                _unpack(container, root)
            store = Store(root)
            _check_runs(store)
        except InputError as error:
            raise InputError(f"{path}: the bundle {error}; nothing of it was taken over") from None
        yield store


def _unpack(container: Container, root: Path) -> None:
    """Write the runs and datasets to ``root``, and compare every file with its checksum on the way."""
    _check_version(container)
    checksums = _manifest(container)
    _check_space(container, root.parent)
    for name, checksum in checksums.items():
        target = root / name if name.startswith((f"{RUNS}/", f"{DATASETS}/")) else None
        if copied(container.open(name), target) != checksum:
            raise InputError(f"holds another {name} than its {MANIFEST} tells")


def _check_version(container: Container) -> None:
    """Refuse what no bundle is, or one of a version that this program does not know."""
    content = _small(container, ABOUT, MOST_ABOUT_BYTES)
    try:
        about = json.loads(content)
        version = about["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"has an {ABOUT} that does not tell its version; expected format {FORMAT}") from None
    if type(version) is not int or version != FORMAT:
        raise InputError(f"is of version {str(version)[:20]}; this IntentBench reads version {FORMAT}")


def _manifest(container: Container) -> dict[str, str]:
    """The checksum of every file by its name. They are the files that there are."""
    text = _small(container, MANIFEST, MOST_MANIFEST_BYTES).decode("utf-8", errors="replace")
    checksums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if not match or match[2] in checksums:
            raise InputError(f"has a {MANIFEST} whose line {number} is no checksum and name of a file")
        checksums[match[2]] = match[1]
    for name in sorted({*container.sizes, *checksums} - {MANIFEST}):
        check_name(name)
        if name not in checksums:
            raise InputError(f"holds {name}, which its {MANIFEST} does not name")
        if name not in container.sizes:
            raise InputError(f"lacks {name}, which its {MANIFEST} names")
    return checksums


def _small(container: Container, name: str, most: int) -> bytes:
    """The content of a file that is read into memory."""
    size = container.sizes.get(name)
    if size is None:
        raise InputError(f"has no {name}; expected what `intentbench bundle` wrote")
    if size > most:
        raise InputError(f"has a {name} of {size:,} bytes; expected at most {most:,}")
    with container.open(name) as file:
        return file.read(most)


def _check_space(container: Container, folder: Path) -> None:
    needed, free = sum(container.sizes.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(f"takes {needed:,} bytes, and {free:,} are free in {folder.parent}")


def _check_runs(store: Store) -> None:
    """Refuse runs and datasets that do not fit their own checksums, and records that cannot be read."""
    for part in damage.of_store(store):
        raise InputError(f"holds {part.path.relative_to(store.root)}, which {part.reason}")
    for identity in store.identities():
        try:
            store.record(identity)
        except InputError as error:
            reason = str(error).removeprefix(f"{store.folder(identity)}/").partition(";")[0]
            raise InputError(f"holds {RUNS}/{identity} with {reason}") from None
