"""Published numbers beside ours: a CSV of system, dataset, metric, value and source."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from harness.errors import InputError

COLUMNS = ("system", "dataset", "metric", "value", "source")


def read(path: Path) -> pd.DataFrame:
    """The published numbers, COLUMNS, each (system, dataset, metric) once.

    Raises:
        InputError: Unreadable file, missing column, a value that is no number, a number twice.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            fields = [len(row) for row in csv.reader(file)]
        for number, count in enumerate(fields, start=1):
            if count not in (0, fields[0]):
                raise InputError(
                    f"{path}:{number}: {count} fields; expected {fields[0]}, texts with a comma in quotes"
                )
        frame = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: unreadable ({' '.join(str(error).split())})") from None
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise InputError(f"{path}: no column {missing[0]!r}; expected {', '.join(COLUMNS)}")
    values = pd.to_numeric(frame["value"], errors="coerce")
    if values.isna().any():
        row = int(values.isna().to_numpy().argmax())
        raise InputError(f"{path}:{row + 2}: value {frame['value'][row]!r}; expected a number")
    keys = frame[["system", "dataset", "metric"]]
    if keys.duplicated().any():
        row = int(keys.duplicated().to_numpy().argmax())
        raise InputError(f"{path}:{row + 2}: {' '.join(keys.iloc[row])} stands twice; expected once")
    return frame.assign(value=values)


def beside(published: pd.DataFrame, dataset: str, ours: pd.DataFrame) -> pd.DataFrame:
    """Numbers of one dataset that both have: system, metric, here, published, difference.

    Args:
        published: From :func:`read`.
        dataset: The dataset's name in both.
        ours: One row a run: ``system`` and a column a metric.
    """
    known = published[published["dataset"] == dataset]
    means = ours.melt("system", var_name="metric", value_name="here")
    here = means.groupby(["system", "metric"], as_index=False)["here"].mean()
    found = known.rename(columns={"value": "published"}).merge(here, on=["system", "metric"])
    found["difference"] = found["here"] - found["published"]
    return found[["system", "metric", "here", "published", "difference"]]
