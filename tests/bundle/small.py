"""Files of bundles and stores as plain dictionaries, to be compared and to be changed."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from harness.bundle.layout import MANIFEST

EVALUATED = "evaluation: {"
"""Where the plans of ``tests/store/fixtures`` say what is measured."""


def content(path: Path) -> dict[str, bytes]:
    """The files of a bundle, or of any folder, by name."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(files: Mapping[str, bytes], path: Path) -> Path:
    """A zip file with these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, one in files.items():
            file.writestr(name, one)
    return path


def forged(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with a manifest that fits them, as a forger would write it."""
    named = {name: one for name, one in files.items() if name != MANIFEST}
    lines = [f"{hashlib.sha256(one).hexdigest()}  {name}\n" for name, one in named.items()]
    return named | {MANIFEST: "".join(lines).encode()}
