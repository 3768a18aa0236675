"""Per-user scores of many runs, read from their parquet files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import InputError
from harness.store.columns import SYSTEM, USER, of_all_users

_AGAIN = "expected what the run has written; delete the run's folder and run the plan again"


def user_means(systems: Mapping[str, Sequence[Path]], metrics: Iterable[str] | None = None) -> pd.DataFrame:
    """Per-user scores averaged over repetitions.

    Args:
        systems: Score files of each system's runs, all of one dataset.
        metrics: The metrics to read; all of them by default.

    Returns:
        Columns ``SYSTEM``, ``USER`` and one for each metric, sorted by system and user.

    Raises:
        InputError: A file cannot be read, lacks a user that another file has, or holds a score that is no
            number.
    """
    rows = [(name, str(path)) for name, paths in systems.items() for path in paths]
    files = pd.DataFrame(rows, columns=[SYSTEM, "file"])
    wanted = f"* EXCLUDE ({SYSTEM}, {USER}, file, filename)" if metrics is None else _listed(metrics)
    query = f"""
        SELECT {SYSTEM}, {USER}, count(*) AS runs, avg(coalesce(COLUMNS({wanted}), 'NaN'::DOUBLE))
        FROM read_parquet($paths, filename = true) JOIN files ON filename = files.file
        GROUP BY {SYSTEM}, {USER} ORDER BY {SYSTEM}, {USER}
    """
    frame = _ask(query, files)
    runs_of = {name: len(paths) for name, paths in systems.items()}
    same_users = (frame.pop("runs") == frame[SYSTEM].map(runs_of)).all() and (
        frame.groupby(USER).size() == frame[SYSTEM].nunique()
    ).all()
    if not same_users or _lacks_values(frame):
        raise _odd_file([path for paths in systems.values() for path in paths])
    return frame


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
    if any(of_all_users(metric) and frame.isna().any(axis=None) for metric, frame in frames.items()):
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


def _lacks_values(frame: pd.DataFrame) -> bool:
    """Whether a metric that every user must have is missing for one."""
    return bool(frame.loc[:, [of_all_users(column) for column in frame.columns]].isna().any(axis=None))


def _odd_file(paths: Sequence[Path]) -> InputError:
    """The error for files of one dataset that do not score the same users with numbers. Names one of them."""
    tables = {path: pd.read_parquet(path) for path in paths}
    for path, table in tables.items():
        if _lacks_values(table):
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


def _listed(names: Iterable[str]) -> str:
    """Column names as DuckDB's COLUMNS reads them."""
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"[{quoted}]"


def _plain_name(column: str) -> str:
    """The metric's name: DuckDB calls its mean ``avg(name)`` or ``avg("name")``."""
    return column.removeprefix("avg(").removesuffix(")").strip('"') if "avg(" in column else column
