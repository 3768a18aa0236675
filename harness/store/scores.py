"""Per-user scores of many runs, read from their parquet files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import InputError
from harness.store.columns import USER, of_all_users

_AGAIN = "expected what the run has written; delete the run's folder and run the plan again"


def run_means(paths: Sequence[Path]) -> pd.DataFrame:
    """The mean of every metric over users, one row for each file in the given order.

    Raises:
        InputError: A file cannot be read.
    """
    files = pd.DataFrame({"file": [str(path) for path in paths]})
    query = f"""
        SELECT filename, avg(COLUMNS(* EXCLUDE ({USER}, filename)))
        FROM read_parquet($paths, filename = true) GROUP BY filename
    """
    return _ask(query, files).set_index("filename").loc[files["file"]].reset_index(drop=True)


def by_run(paths: Sequence[Path], metrics: Sequence[str]) -> dict[str, pd.DataFrame]:
    """By metric: one row for each user, one column for each file in the given order.

    Raises:
        InputError: A file cannot be read, lacks a metric or a user that another file has, or holds a score
            that is no number.
    """
    columns: dict[str, list[pd.Series]] = {metric: [] for metric in metrics}
    users, index = None, pd.Index([])
    for path in paths:
        table = _read(path, metrics)
        if users is None or not table[USER].equals(users):  # one index for all runs of a dataset is fast
            users, index = table[USER], pd.Index(table[USER].to_pandas())
            if not index.is_unique:
                raise _odd_file(paths)
        for metric in metrics:
            columns[metric].append(pd.Series(table[metric].to_numpy(), index=index))
    frames = {metric: pd.concat(series, axis=1, keys=range(len(paths))) for metric, series in columns.items()}
    if any(_has_no_number(frame, metric) for metric, frame in frames.items()):
        raise _odd_file(paths)
    return frames


def _read(path: Path, metrics: Sequence[str]) -> pa.Table:
    """Users and some metrics of one file."""
    try:
        with pq.ParquetFile(path) as file:
            measured = [name for name in file.schema.names if name != USER]
            for metric in metrics:
                if metric not in measured:
                    raise InputError(f"{path}: {metric} was not measured; expected one of {measured}")
            return file.read(columns=[USER, *metrics], use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(str(path), error) from None


def _ask(query: str, files: pd.DataFrame) -> pd.DataFrame:
    """The answer of DuckDB, which finds the score files in ``files``."""
    with duckdb.connect(config={"threads": 1}) as database:  # several threads would sum in any order
        database.register("files", files)
        try:
            paths = files["file"].unique().tolist()  # DuckDB would read a run of two systems twice
            frame = database.execute(query, {"paths": paths}).df()
        except duckdb.Error as error:
            raise _unreadable("a run", error) from None
    return frame.rename(columns=_plain_name)


def _has_no_number(scores: pd.DataFrame | pd.Series, metric: str) -> bool:
    """Whether a score is infinite, or missing although every user must have one."""
    values = scores.to_numpy(dtype=float)
    return bool(np.isinf(values).any() or (of_all_users(metric) and np.isnan(values).any()))


def _odd_file(paths: Sequence[Path]) -> InputError:
    """The error for files of one dataset that do not score the same users with numbers. Names one of them."""
    tables = {path: pd.read_parquet(path) for path in paths}
    for path, table in tables.items():
        if any(_has_no_number(table[metric], metric) for metric in table if metric != USER):
            return InputError(f"{path}: a score is no number; {_AGAIN}")
    users_of = {path: tuple(sorted(table[USER])) for path, table in tables.items()}
    usual, _ = Counter(users_of.values()).most_common(1)[0]
    odd = next((path for path, users in users_of.items() if users != usual), paths[0])
    return InputError(f"{odd}: the users are not those of the dataset's other runs; {_AGAIN}")


def _unreadable(where: str, error: Exception) -> InputError:
    reason = str(error).split("\n")[0]
    return InputError(
        f"{where}: scores cannot be read ({reason}); `intentbench store verify` sets damaged runs aside"
    )


def _plain_name(column: str) -> str:
    """The metric's name: DuckDB calls its mean ``avg(name)`` or ``avg("name")``."""
    return column.removeprefix("avg(").removesuffix(")").strip('"') if "avg(" in column else column
