"""A system that was trained elsewhere, as plans and runs know it."""

from __future__ import annotations

import glob
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.systems.spec import SystemSpec

DATASET = "{dataset}"
"""What stands in a pattern for the name of the dataset."""


@dataclass(frozen=True)
class ExternalSpec(SystemSpec):
    """A system of which only the results are known: lists of items, or embeddings.

    ``backbone`` is the name that the plan gives it. It has no hyper-parameters and no loss terms.

    Attributes:
        files: The file of lists alone; or those of the users' and of the items' embeddings. Empty if the
            system is looked at without a dataset.
        similarity: ``dot`` or ``cosine``: how embeddings are compared.
        is_seedless: Whether another training would give the same results.
    """

    files: tuple[Path, ...] = ()
    similarity: str = "dot"
    is_seedless: bool = False

    @property
    def is_external(self) -> bool:
        """Always true."""
        return True

    @property
    def is_trained(self) -> bool:
        """False: nothing is trained here."""
        return False

    @property
    def is_assembled(self) -> bool:
        """False: it has no model here."""
        return False

    @property
    def is_classic(self) -> bool:
        """False: nothing is fitted here."""
        return False

    @property
    def is_deterministic(self) -> bool:
        """Whether the plan says that no seed changes it."""
        return self.is_seedless

    @property
    def name(self) -> str:
        """The name that the plan gives it."""
        return self.backbone

    @property
    def needs_text(self) -> bool:
        """False: whatever it has read, it has read elsewhere."""
        return False

    @property
    def ranks_cold(self) -> tuple[str, ...]:
        """Both sides: its files must have every user and item that is asked for."""
        return ("users", "items")

    @property
    def shown(self) -> str:
        """The names of its files, for a reader."""
        return " and ".join(path.name for path in self.files)

    @property
    def sources(self) -> dict[str, str]:
        """A checksum of the content of each of its files. The files' names do not matter."""
        names = ("lists",) if len(self.files) == 1 else ("users", "items")
        return {name: content_checksum(path) for name, path in zip(names, self.files, strict=False)}

    def declarations(self) -> list[Any]:
        """No hyper-parameters."""
        return []


def content_checksum(path: Path) -> str:
    """A hash of a file and of the ``.ids`` file beside it, if there is one: 16 hexadecimal digits.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        parts = [path] if path.suffix != ".npy" else [path, path.with_suffix(".ids")]
        facts = [(part, part.stat()) for part in parts if part is path or part.exists()]
        return _checksum(tuple((part, stat.st_size, stat.st_mtime_ns) for part, stat in facts))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected a file") from None


@cache
def _checksum(files: tuple[tuple[Path, int, int], ...]) -> str:
    """A hash of some files' content. A file is read again only if its size or its time has changed."""
    state = hashlib.sha256()
    for path, size, _ in files:
        state.update(size.to_bytes(8, "little"))
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return state.hexdigest()[:16]


def matching(pattern: str, dataset: str) -> dict[str, Path]:
    """The files that a pattern names for a dataset, by what its asterisks stand for, in their order.

    Args:
        pattern: A path in which ``{dataset}`` stands for the dataset's name and ``*`` for anything within
            one name. Numbers are ordered by their value.
        dataset: The name of the dataset.
    """
    written = pattern.replace(DATASET, dataset)
    wanted = re.compile(re.escape(written).replace(r"\*", "([^/]*)"), re.DOTALL)
    looked_up = "*".join(glob.escape(part) for part in written.split("*"))
    files: dict[str, Path] = {}
    for path in sorted(glob.glob(looked_up), key=_in_order):
        match = wanted.fullmatch(path)
        if match and Path(path).is_file():
            files["\0".join(match.groups())] = Path(path)
    return files


def _in_order(path: str) -> list[tuple[int, str]]:
    """Sorts names by their letters, and the numbers in them by their value."""
    parts = re.split(r"(\d+)", path)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
