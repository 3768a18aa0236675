"""Interactions as a source gives them: one row each, ids as numbers, and where each row stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

IDS = ("user", "item")


class Part(NamedTuple):
    """One file of a source.

    Attributes:
        name: What to call it in an error.
        rows: The number of its rows.
        place: Says where a row stands, such as ``log.csv, row 17``, given its position, which is counted
            from 0. It may read the file again, so that no place is kept for rows that are in order.
    """

    name: str
    rows: int
    place: Callable[[int], str]


@dataclass(frozen=True)
class Log:
    """The interactions of a source.

    Attributes:
        frame: One row for each. The columns ``user`` and ``item`` are categorical; where the source has
            them, there are ``rating``, ``timestamp``, ``split`` (categorical) and ``review``. The index
            numbers the rows of all files of the source from 0, and filters leave it as it is.
        parts: The files, in the order of the rows.
        origin: What to call the source in an error.
        users, items: All ids, if the source has some without interactions; otherwise None.
        notes: What a reader of the results must know, one sentence each.
    """

    frame: pd.DataFrame
    parts: tuple[Part, ...]
    origin: str
    users: np.ndarray | None = None
    items: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def place(self, number: int) -> str:
        """Where the row with this number in the index of ``frame`` stands, as errors name it."""
        for part in self.parts:
            if number < part.rows:
                return part.place(number)
            number -= part.rows
        raise IndexError(f"no row {number} in {self.origin}")

    def with_frame(self, frame: pd.DataFrame) -> Log:
        """The same source with some of its rows."""
        return replace(self, frame=frame)


def codes(ids: pd.Series) -> np.ndarray:
    """A number for each row [n]. Equal ids have equal numbers, and a larger text has a larger number."""
    numbers: np.ndarray = ids.astype("category").cat.codes.to_numpy()
    return numbers


def together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several files, in order. A column that a file lacks is NaN in its rows."""
    if len(frames) == 1:
        return frames[0]
    whole = pd.concat([frame.drop(columns=list(IDS)) for frame in frames], ignore_index=True)
    for side in IDS:
        whole[side] = union_categoricals([frame[side] for frame in frames], sort_categories=True)
    return whole


def core(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """The rows that are left when no user and no item has fewer than ``least`` of them."""
    sides = [codes(frame[side]) for side in IDS]
    kept, before = np.arange(len(frame)), -1
    while len(kept) != before:
        before = len(kept)
        for side in sides:
            ids = side[kept]
            kept = kept[np.bincount(ids)[ids] >= least]
    return frame if len(kept) == len(frame) else frame.iloc[kept]
