"""Files of recommended items, read row by row, with every cell checked by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.evaluation.lists import Lists
from harness.external.list_formats import ITEM, RANK, SCORE, SPLIT, USER, read_rows


@dataclass(frozen=True)
class ListFile:
    """What a file of lists says, row by row.

    Attributes:
        path: The file.
        rows: The number of each row in the file, [n]. Where a file has a header, the header is row 1.
        users, items: Ids, str, [n].
        scores: The larger, the better, [n], float64. Ranks become scores of which no two are equal.
        has_ranks: Whether the order comes from ranks.
        splits: The checksum of the split, str, [n]. None if the file does not tell it.
    """

    path: Path
    rows: np.ndarray
    users: np.ndarray
    items: np.ndarray
    scores: np.ndarray
    has_ranks: bool
    splits: np.ndarray | None

    def where(self, position: int) -> str:
        """How an error about a row begins."""
        return f"{self.path}, row {self.rows[position]}"


def list_frame(lists: Lists, dataset: Dataset) -> pd.DataFrame:
    """Lists in the form of a file: columns ``user``, ``item``, ``score`` and ``split``."""
    columns = {USER: dataset.users[lists.user], ITEM: dataset.items[lists.item], SCORE: lists.score}
    return pd.DataFrame(columns).assign(**{SPLIT: dataset.split_checksum})


def read_lists(path: Path) -> ListFile:
    """Read a file of lists.

    Raises:
        InputError: The file is of another kind, cannot be read, lacks a column, or has an empty id or a
            score or rank that is no finite number. The message names the row.
    """
    frame = read_rows(path)
    if frame.empty:
        raise InputError(f"{path}: holds no row; expected one for each recommended item")
    if SCORE not in frame and RANK not in frame:
        raise InputError(f"{path}: has the columns {sorted(frame)}; expected {SCORE!r} or {RANK!r} too")
    rows = frame.index.to_numpy()
    for column in (USER, ITEM):
        empty = np.flatnonzero(frame[column].isna() | (frame[column] == ""))
        if len(empty):
            raise InputError(f"{path}, row {rows[empty[0]]}: no {column}; expected an id in every row")
    users, items = (frame[column].to_numpy(dtype=object) for column in (USER, ITEM))
    numbers = {name: _numbers(path, frame[name]) for name in (SCORE, RANK) if name in frame}
    file = ListFile(
        path,
        rows,
        users,
        items,
        scores=numbers[SCORE] if SCORE in numbers else -numbers[RANK],
        has_ranks=SCORE not in numbers,
        splits=frame[SPLIT].fillna("").to_numpy(dtype=object) if SPLIT in frame else None,
    )
    if RANK in numbers:
        _check_ranks(file, numbers[RANK])
    return file


def _numbers(path: Path, column: pd.Series) -> np.ndarray:
    """A column as float64.

    Raises:
        InputError: A cell is no finite number.
    """
    numbers = np.array([_number(value) for value in column], dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        value = column.iloc[wrong[0]]
        shown = (
            "missing" if value is None or value == "" else repr(value) if isinstance(value, str) else value
        )
        raise InputError(
            f"{path}, row {column.index[wrong[0]]}: the {column.name} is {shown}; expected a finite number"
        )
    return numbers


def _number(value: object) -> float:
    """A cell as a number; NaN if it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.nan


def _check_ranks(file: ListFile, ranks: np.ndarray) -> None:
    """Check the ranks [n] of a file against each other, and against its scores if it has both.

    Raises:
        InputError: A rank is no whole number, a user has two items of one rank, or an item of a worse rank
            has a better score.
    """
    wrong = np.flatnonzero((ranks != np.floor(ranks)) | (ranks < 0))
    if len(wrong):
        raise InputError(
            f"{file.where(wrong[0])}: the rank is {ranks[wrong[0]]:g}; expected a whole number such as 1"
        )
    codes = pd.factorize(file.users)[0]
    order = np.lexsort((ranks, codes))
    is_next = codes[order][1:] == codes[order][:-1]
    steps, gains = np.diff(ranks[order]), np.diff(file.scores[order])
    repeated = np.flatnonzero(is_next & (steps == 0))
    if file.has_ranks and len(repeated):
        first, second = sorted(order[repeated[0] : repeated[0] + 2])
        raise InputError(
            f"{file.where(second)}: user {file.users[second]!r} has the rank {ranks[second]:g} in row "
            f"{file.rows[first]} too; expected each rank once, or scores, which may be equal"
        )
    rising = np.flatnonzero(is_next & (steps > 0) & (gains > 0))
    if len(rising):
        better, worse = order[rising[0] : rising[0] + 2]
        raise InputError(
            f"{file.where(worse)}: rank {ranks[worse]:g} of user {file.users[worse]!r} has a higher score "
            f"than rank {ranks[better]:g} in row {file.rows[better]}; expected scores that fall as ranks "
            "rise, or only one of the two columns"
        )
