"""Published numbers from a CSV file with the columns system, dataset, metric, value and source."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from harness.errors import InputError
from harness.report.tables.cells import counted
from harness.report.tables.csv_rows import plain_name

COLUMNS = ("system", "dataset", "metric", "value", "source")

KEYS = ("system", "dataset", "metric")

_WITH_BACKBONE = re.compile(r"\[[^\[\],=]*\]\s*$")
"""The backbone at the end of a system's line, without ablations and controls."""


def read(path: Path) -> pd.DataFrame:
    """Read published numbers: COLUMNS, all text except ``value``; each system, dataset and metric once.

    Raises:
        InputError: The file cannot be read or holds no number, a column is missing, a value is not a finite
            number, or a number is in the file twice.
    """
    rows = list(_rows(path))
    header = rows[0][1] if rows else []
    if not header:
        raise InputError(f"{path}: unreadable, because it is empty; expected {', '.join(COLUMNS)} in line 1")
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise InputError(f"{path}:1: column {repeated[0]!r} stands twice; expected {', '.join(COLUMNS)}")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(f"{path}:1: no column {missing[0]!r}; expected {', '.join(COLUMNS)}")
    if len(rows) == 1:
        raise InputError(f"{path}: has a header and no numbers; expected a line for each published number")
    records = []
    lines_of_keys: dict[tuple[str, ...], int] = {}
    for line, fields in rows[1:]:
        if len(fields) != len(header):
            raise InputError(
                f"{path}:{line}: {len(fields)} fields; expected {len(header)}, with quotes around a text "
                "that holds a comma"
            )
        record = dict(zip(header, map(plain_name, fields), strict=True))
        key = tuple(record[name] for name in KEYS)
        if key in lines_of_keys:
            raise InputError(
                f"{path}:{line}: {' '.join(key)} stands twice, first in line {lines_of_keys[key]}; expected "
                "once"
            )
        lines_of_keys[key] = line
        value = _number(record["value"], path, line)
        records.append({**{name: record[name] for name in COLUMNS}, "value": value})
    return pd.DataFrame(records, columns=list(COLUMNS))


def beside(numbers: pd.DataFrame, dataset: str, ours: pd.DataFrame) -> pd.DataFrame:
    """Join the published numbers of one dataset with our means, by system and metric.

    Args:
        numbers: From :func:`read`.
        dataset: Name of the dataset.
        ours: One row per run: ``system`` and a column for each metric.

    Returns:
        ``system``, ``metric``, ``here`` (our mean), ``published`` and ``difference``.
    """
    of_dataset = numbers[numbers["dataset"] == dataset]
    means = ours.drop(columns="dataset", errors="ignore").melt("system", var_name="metric", value_name="here")
    here = means.groupby(["system", "metric"], as_index=False)["here"].mean()
    joined = of_dataset.rename(columns={"value": "published"}).merge(here, on=["system", "metric"])
    joined["difference"] = joined["here"] - joined["published"]
    return joined[["system", "metric", "here", "published", "difference"]]


def check_any_joined(path: Path, numbers: pd.DataFrame, ours: pd.DataFrame) -> None:
    """Check that a published number has a counterpart.

    Args:
        path: File of the numbers.
        numbers: From :func:`read`.
        ours: One row per run: ``dataset``, ``system`` and a column for each metric.

    Raises:
        InputError: None has one. The message says which names exist.
    """
    metrics = [name for name in ours.columns if name not in ("dataset", "system")]
    ours_by_column = {
        "dataset": list(ours["dataset"].unique()),
        "system": list(ours["system"].unique()),
        "metric": metrics,
    }
    pairs = set(zip(ours["dataset"], ours["system"], strict=True))
    for row in numbers.itertuples():
        if (row.dataset, row.system) in pairs and row.metric in metrics:
            return
    hints = [
        hint
        for column, names in ours_by_column.items()
        for hint in form_hints(numbers[column].unique(), names)
    ]
    listed = "; ".join(f"{column}s {', '.join(map(repr, names))}" for column, names in ours_by_column.items())
    raise InputError(
        f"{path}: of its {counted(len(numbers), 'number')} none has the dataset, system and metric of a "
        "finished run; " + "".join(f"{hint}; " for hint in hints) + f"names must be written as here: {listed}"
    )


def form_hints(unknown: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return a hint for each unknown name that differs from some of the names only in form."""
    candidates = list(names)
    hints = []
    for name in unknown:
        meant = [candidate for candidate in candidates if _same_but_for_form(name, candidate)]
        if meant and name not in candidates:
            hints.append(f"{name!r} may mean {' or '.join(map(repr, meant))}")
    return hints


def _same_but_for_form(one: str, other: str) -> bool:
    """Return whether two names differ only in case, blanks, punctuation, or a backbone that one leaves out.

    For example, ``RLMRec-Con`` may mean ``RLMRec-Con[LightGCN]``.
    """
    if _letters(one) == _letters(other):
        return True
    heads = [_WITH_BACKBONE.sub("", name) for name in (one, other)]
    return ("[" in one) != ("[" in other) and _letters(heads[0]) == _letters(heads[1])


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the last line, and the fields, of every row that is not empty."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            for fields in reader:
                if fields:
                    yield reader.line_num, fields
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: unreadable ({' '.join(str(error).split())})") from None


def _number(text: str, path: Path, line: int) -> float:
    try:
        value = math.nan if "_" in text else float(text)  # Python would read 0_1 as 01
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}:{line}: value {text!r}; expected a number such as 0.1234")
    return value
