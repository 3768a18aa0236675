"""A CSV file of measured rows. It is written after each measurement, so that nothing is lost by a stop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from harness.report.tables import csv_text, read_rows
from harness.store.files import replaced


class RowFile:
    """The rows of a file. New rows replace those of the same measurement.

    Attributes:
        rows: What the file holds.
    """

    def __init__(self, file: Path, key: str, order: Sequence[Any]) -> None:
        """Read the file if it is there.

        Args:
            file: The CSV file.
            key: The column that names the measurement. It may have several rows.
            order: All measurements in the order of their rows.
        """
        self._file, self._key = file, key
        self._position = {name: position for position, name in enumerate(order)}
        self.rows = read_rows(file) if file.exists() else pd.DataFrame({key: []})

    def put(self, measured: pd.DataFrame) -> None:
        """Take the rows of one or more measurements, and write the file."""
        others = self.rows[~self.rows[self._key].isin(measured[self._key])]
        records = [*others.to_dict("records"), *measured.to_dict("records")]
        last = len(self._position)
        records.sort(key=lambda row: self._position.get(row[self._key], last))
        self.rows = pd.DataFrame(records)
        with replaced(self._file) as unfinished:
            unfinished.write_text(csv_text(self.rows), encoding="utf-8")
