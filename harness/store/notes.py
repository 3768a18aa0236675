"""What a store keeps of datasets, so that reports can be written where the data is not."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness.errors import StoreError
from harness.store.files import content_of, digest, replaced, writing

CHECKSUMS = "sha256"
"""The key in a description's file that holds the checksums of both files. Earlier versions wrote none."""


class DamagedNotesError(StoreError):
    """What is kept of a dataset is not as it was written. The message says where."""


@dataclass(frozen=True)
class DatasetNotes:
    """A description of each dataset, and the number of train pairs of its users.

    Attributes:
        folder: Where they lie. It is made at the first write.
    """

    folder: Path

    def __contains__(self, key: str) -> bool:
        """Whether a dataset is described, and the description not damaged."""
        try:
            return self.description(key) is not None
        except DamagedNotesError:
            return False

    def __iter__(self) -> Iterator[str]:
        """The keys of all described datasets, of damaged ones too."""
        return iter(sorted(path.stem for path in self.folder.glob("*.json")))

    def write(self, key: str, description: Mapping[str, Any], degrees: pd.DataFrame | None) -> None:
        """Keep what reports need of a dataset, in place of what was kept before.

        Args:
            key: Names the dataset as a plan describes it.
            description: ``checksum``, numbers of ``users``, ``items`` and ``pairs``, and ``notes``.
            degrees: Columns ``USER`` and ``DEGREE``, one row for each user; None if they are not known.

        Raises:
            StoreError: The store cannot be written.
        """
        table = None if degrees is None else degrees.to_parquet(index=False)
        of_degrees = None if table is None else digest(table)
        checksums = {"degrees": of_degrees, "description": _checksum(description, of_degrees)}
        text = json.dumps({**description, CHECKSUMS: checksums}, indent=1, sort_keys=True)
        with writing(self.folder.parent):
            if table is not None:
                _write(self._degrees(key), table)
            _write(self._description(key), text.encode())

    def description(self, key: str) -> dict[str, Any] | None:
        """The description of a dataset, without checksums; None if there is none.

        Raises:
            DamagedNotesError: It is not as it was written.
        """
        description, _ = self._read(key)
        return description

    def degrees(self, key: str) -> pd.DataFrame | None:
        """Columns ``USER`` and ``DEGREE`` of a dataset; None if there are none.

        Raises:
            DamagedNotesError: The table or the description is not as it was written.
        """
        _, checksum = self._read(key)
        path = self._degrees(key)
        try:
            content = content_of(path)
            if checksum is None or digest(content) == checksum:
                return pd.read_parquet(io.BytesIO(content))
        except FileNotFoundError:
            return None
        except StoreError:
            raise
        except Exception:  # without a checksum anything may be in the file, and raise anything
            pass
        raise _damaged(path)

    def problems(self, key: str) -> Iterator[Path]:
        """The files of a dataset that are not as they were written."""
        try:
            self._read(key)
        except DamagedNotesError:
            yield self._description(key)
            return
        try:
            self.degrees(key)
        except DamagedNotesError:
            yield self._degrees(key)

    def _read(self, key: str) -> tuple[dict[str, Any] | None, str | None]:
        """The description, and the checksum of the table of degrees, where there are any."""
        path = self._description(key)
        try:
            description = json.loads(content_of(path))
            checksums = description.pop(CHECKSUMS, {})
            of_degrees = checksums.get("degrees")
            as_written = checksums.get("description") in (None, _checksum(description, of_degrees))
            if "checksum" in description and as_written:
                return description, of_degrees
        except FileNotFoundError:
            return None, None
        except StoreError:
            raise
        except (OSError, ValueError, AttributeError, TypeError):  # no JSON, or JSON of another form
            pass
        raise _damaged(path)

    def _description(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _degrees(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"


def _write(path: Path, content: bytes) -> None:
    """Replace a file unless it has this content already."""
    if not path.is_file() or content_of(path) != content:
        with replaced(path) as unfinished:
            unfinished.write_bytes(content)


def _checksum(description: Mapping[str, Any], of_degrees: str | None) -> str:
    """The checksum of a description and of the checksum of the degrees."""
    return digest(json.dumps([description, of_degrees], sort_keys=True).encode())


def _damaged(path: Path) -> DamagedNotesError:
    return DamagedNotesError(f"{path}: is not as it was written; `intentbench run` writes it again")
