"""Per-user scores of many runs, read from their parquet files with DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import InputError


def user_means(systems: Mapping[str, Sequence[Path]], metrics: Iterable[str] | None = None) -> pd.DataFrame:
    """Per-user scores averaged over repetitions.

    Args:
        systems: Files of each system's runs.
        metrics: The metrics wanted; all of them by default.

    Returns:
        Columns ``system``, ``user`` and one a metric.

    Raises:
        InputError: A file cannot be read.
    """
    files = pd.DataFrame(
        [(name, str(path)) for name, paths in systems.items() for path in paths], columns=["system", "file"]
    )
    wanted = "* EXCLUDE (system, user, file, filename)" if metrics is None else _listed(metrics)
    query = f"""
        SELECT system, user, avg(COLUMNS({wanted}))
        FROM read_parquet($paths, filename = true) JOIN files ON filename = files.file
        GROUP BY system, user ORDER BY system, user
    """
    return _ask(query, files)


def run_means(paths: Sequence[Path]) -> pd.DataFrame:
    """The mean over users of every metric, one row a file in the given order.

    Raises:
        InputError: A file cannot be read.
    """
    files = pd.DataFrame({"file": [str(path) for path in paths]})
    query = """
        SELECT filename, avg(COLUMNS(* EXCLUDE (user, filename)))
        FROM read_parquet($paths, filename = true) GROUP BY filename
    """
    return _ask(query, files).set_index("filename").loc[files["file"]].reset_index(drop=True)


def by_run(paths: Sequence[Path], metrics: Sequence[str]) -> dict[str, pd.DataFrame]:
    """By metric: one row a user, one column a file in the given order.

    Raises:
        InputError: A file cannot be read.
    """
    columns: dict[str, list[pd.Series]] = {metric: [] for metric in metrics}
    users, index = None, pd.Index([])
    for path in paths:
        try:
            file = pq.ParquetFile(path)
            for metric in metrics:
                if metric not in file.schema.names:
                    measured = [name for name in file.schema.names if name != "user"]
                    raise InputError(f"{path}: {metric} was not measured; expected one of {measured}")
            table = file.read(columns=["user", *metrics], use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"{path}: unreadable scores ({error}); delete that run") from None
        if users is None or not table["user"].equals(users):  # one index for all runs of a dataset is fast
            users, index = table["user"], pd.Index(table["user"].to_pandas())
        for metric in metrics:
            columns[metric].append(pd.Series(table[metric].to_numpy(), index=index))
    return {metric: pd.concat(each, axis=1, keys=range(len(paths))) for metric, each in columns.items()}


def _ask(query: str, files: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect(config={"threads": 1}) as database:  # several sum in an order of their own
        database.register("files", files)
        try:
            frame = database.execute(query, {"paths": files["file"].tolist()}).df()
        except duckdb.Error as error:
            reason = str(error).split("\n")[0]
            raise InputError(f"unreadable scores ({reason}); delete that run") from None
    return frame.rename(columns=_plain_name)


def _listed(names: Iterable[str]) -> str:
    """Column names as DuckDB's COLUMNS reads them."""
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"[{quoted}]"


def _plain_name(column: str) -> str:
    """DuckDB names an aggregate ``avg(name)`` or ``avg("name")``."""
    return column.removeprefix("avg(").removesuffix(")").strip('"') if "avg(" in column else column
