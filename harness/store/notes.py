"""What a store keeps of datasets, so that reports can be written where the data is not."""

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
    """A description of each dataset, and the number of train pairs of its users.

    Attributes:
        folder: Where they lie. It is made at the first write.
    """

    folder: Path

    def __contains__(self, key: str) -> bool:
        """Whether a dataset is described."""
        return self.description(key) is not None

    def __iter__(self) -> Iterator[str]:
        """The keys of all described datasets."""
        return iter(sorted(path.stem for path in self.folder.glob("*.json")))

    def write(self, key: str, description: Mapping[str, Any], degrees: pd.DataFrame | None) -> None:
        """Keep what reports need of a dataset, in place of what was kept before.

        Args:
            key: Names the dataset as a plan describes it.
            description: ``checksum``, numbers of ``users``, ``items``, ``pairs``, and ``notes`` to readers.
            degrees: Columns ``USER`` and ``DEGREE``, one row for each user; None if they are not known.

        Raises:
            StoreError: The store cannot be written.
        """
        with writing(self.folder.parent):
            if degrees is not None:
                with replaced(self._degrees(key)) as unfinished:
                    degrees.to_parquet(unfinished, index=False)
            with replaced(self._description(key)) as unfinished:
                unfinished.write_text(json.dumps(description, indent=1, sort_keys=True))

    def description(self, key: str) -> dict[str, Any] | None:
        """The description of a dataset; None if there is none, or if its file is damaged."""
        try:
            description = json.loads(self._description(key).read_text())
        except (FileNotFoundError, ValueError):
            return None
        return description if isinstance(description, dict) and "checksum" in description else None

    def degrees(self, key: str) -> pd.DataFrame | None:
        """Columns ``USER`` and ``DEGREE`` of a dataset; None if there are none, or if the file is damaged."""
        try:
            return pd.read_parquet(self._degrees(key))
        except (FileNotFoundError, ValueError, OSError):  # pyarrow's errors are among these
            return None

    def _description(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _degrees(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"
