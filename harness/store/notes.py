"""What a store keeps of datasets, so that reports need no data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness.store.files import replaced, writing


@dataclass(frozen=True)
class DatasetNotes:
    """Notes by key, from ``runs.dataset_key``.

    Attributes:
        folder: Made at the first write.
    """

    folder: Path

    def __contains__(self, key: str) -> bool:
        """Whether a dataset was noted."""
        return self.facts(key) is not None

    def __iter__(self) -> Iterator[str]:
        """The key of every noted dataset."""
        return iter(sorted(path.stem for path in self.folder.glob("*.json")))

    def write(self, key: str, facts: Mapping[str, Any], degrees: pd.DataFrame | None) -> None:
        """Keep what reports need of a plan's dataset.

        Args:
            key: The dataset.
            facts: Checksum and sizes.
            degrees: Columns ``user`` (token) and ``degree`` (train pairs); None where not known.

        Raises:
            StoreError: The store cannot be written.
        """
        with writing(self.folder.parent):
            if degrees is not None:
                with replaced(self._degrees(key)) as unfinished:
                    degrees.to_parquet(unfinished, index=False)
            with replaced(self._facts(key)) as unfinished:
                unfinished.write_text(json.dumps(facts, indent=1, sort_keys=True))

    def facts(self, key: str) -> dict[str, Any] | None:
        """Checksum and sizes of a dataset, or None where it was not noted, or not soundly."""
        try:
            found = json.loads(self._facts(key).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) and "checksum" in found else None

    def degrees(self, key: str) -> pd.DataFrame | None:
        """The train pairs of a dataset's users, or None where they were not noted, or not soundly."""
        try:
            return pd.read_parquet(self._degrees(key))
        except (FileNotFoundError, ValueError, OSError):  # pyarrow's errors are among these
            return None

    def _facts(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _degrees(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"
