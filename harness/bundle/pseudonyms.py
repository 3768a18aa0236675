"""Numbers in place of the users' ids, the same in every file of a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from harness.store.columns import USER


def numbers_of_users(files: Iterable[Path]) -> dict[str, str]:
    """A number for every user that one of the Parquet files has in its column ``USER``.

    The numbers have the order of the ids, and as many digits as the largest of them. Every computation
    that sorts users then takes them in the same order as before, so that all results stay the same to the
    last digit.
    """
    users: set[str] = set()
    for path in files:
        users.update(map(str, pq.read_table(path, columns=[USER])[USER].unique().to_pylist()))
    digits = len(str(len(users)))
    return {user: f"{number:0{digits}d}" for number, user in enumerate(sorted(users), 1)}


def with_numbers(frame: pd.DataFrame, numbers: Mapping[str, str]) -> pd.DataFrame:
    """A table with the column ``USER``, in which numbers take the place of ids."""
    return frame.assign(**{USER: [numbers[str(user)] for user in frame[USER]]})
