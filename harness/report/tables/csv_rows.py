"""Rows in CSV files whose names a spreadsheet shows as text, even if they begin like a formula.

A spreadsheet computes cells that begin with ``=``, ``+``, ``-`` or ``@``. Such a name is written with an
apostrophe before it, which makes it text; :func:`read_rows` takes the apostrophe away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

NAME_COLUMNS = (
    "system", "baseline", "dataset", "metric", "first", "second", "variant", "without", "line", "over",
    "values", "term", "text", "stratum", "source",
)  # fmt: skip
"""Columns that hold names, not numbers, even if a name looks like a number."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""The beginning of a formula, or of a name that needs one more apostrophe than it has."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of frames below each other, with the columns of all of them.

    A column that is empty in one frame takes its type from the others.
    """
    columns = list(dict.fromkeys(name for frame in frames for name in frame))
    filled = [frame.dropna(axis="columns", how="all") for frame in frames]
    return pd.concat(filled, ignore_index=True).reindex(columns=columns)


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV in which no name is a formula."""
    text_columns = frame.select_dtypes(include=["object", "category"]).columns
    protected = {name: frame[name].astype(object).map(_protected) for name in text_columns}
    return str(frame.assign(**protected).to_csv(index=False))


def read_rows(path: Path) -> pd.DataFrame:
    """Read a file of :func:`csv_text`, with the same names as were written.

    Only an empty cell is a missing value, because ``NA`` and ``nan`` may be names.
    """
    names = dict.fromkeys(NAME_COLUMNS, str)
    frame = pd.read_csv(path, dtype=names, keep_default_na=False, na_values=[""])
    text_columns = frame.select_dtypes(include=["object"]).columns
    return frame.assign(**{name: frame[name].map(_original) for name in text_columns})


def plain_name(name: str) -> str:
    """Return a name without the apostrophe that protects it in a CSV file."""
    return name[1:] if name.startswith("'") and _FORMULA.match(name) else name


def _protected(cell: object) -> object:
    is_formula = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


def _original(cell: object) -> object:
    return plain_name(cell) if isinstance(cell, str) else cell
