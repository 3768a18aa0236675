"""Rows of a log that have the same user and the same item: refused, or all but one dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd

from harness.data.counts import counted
from harness.data.interactions import IDS, codes
from harness.errors import InputError

Kept = Literal["first", "last", "best"]


def refuse_repeats(frame: pd.DataFrame, place: Callable[[int], str]) -> None:
    """Refuse a pair that stands in two rows.

    Args:
        frame: The interactions of a :class:`harness.data.interactions.Log`.
        place: Says where a row stands, given its number in the frame's index.

    Raises:
        InputError: Names the pair and its rows, and says whether the rows are in different splits.
    """
    keys = _keys(frame)
    in_order = np.sort(keys)
    if not (in_order[1:] == in_order[:-1]).any():
        return
    again = int(np.argmax(pd.Series(keys).duplicated()))
    first = int(np.argmax(keys == keys[again]))
    row, same = frame.iloc[again], frame.iloc[first]
    here, there = place(frame.index[again]), place(frame.index[first])
    pair = f"user {row['user']!r} with item {row['item']!r}"
    advice = "expected it once, or `duplicates: first`, `last` or `best`"
    if "split" in frame and same["split"] != row["split"]:
        both = f"{same['split']} and {row['split']}"
        raise InputError(f"{here}: overlap, {pair} stands in {both} (also {there}); {advice}")
    raise InputError(f"{here}: duplicate, {pair} stands twice (also {there}); {advice}")


def drop_repeats(frame: pd.DataFrame, kept: Kept, origin: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row of each pair, in the order of the file, and a note on how many rows were dropped.

    Args:
        frame: The interactions of a :class:`harness.data.interactions.Log`.
        kept: Which row of a pair stays: the ``first`` or the ``last`` of the file, or the ``best``, which
            has the highest rating and, among these, the latest time.
        origin: What to call the source in an error.

    Raises:
        InputError: The best row is wanted, and the source has neither ratings nor times.
    """
    ordered = np.arange(len(frame))
    if kept == "best":
        columns = [frame[column].to_numpy() for column in ("rating", "timestamp") if column in frame]
        if not columns:
            raise InputError(
                f"{origin}: `duplicates: best` needs a rating or a timestamp column; the source gives none"
            )
        ordered = np.lexsort([-column for column in reversed(columns)])
    keys = _keys(frame)
    again = pd.Series(keys[ordered]).duplicated("last" if kept == "last" else "first").to_numpy()
    dropped = int(np.count_nonzero(again))
    if not dropped:
        return frame, ()
    verb = "was" if dropped == 1 else "were"
    note = (
        f"{counted(dropped, 'row')} that repeated a pair of user and item {verb} dropped; the {kept} row of "
        "each pair was kept"
    )
    if "split" in frame:
        splits = pd.DataFrame({"pair": keys, "split": frame["split"].cat.codes.to_numpy()}).drop_duplicates()
        several = splits.groupby("pair").size().gt(1).sum()
        note += f"; {counted(several, 'pair')} had rows in several splits"
    return frame.iloc[np.sort(ordered[~again])], (note,)


def _keys(frame: pd.DataFrame) -> np.ndarray:
    """One number for each row, [n]. Two rows have the same number only if they have the same pair."""
    user, item = (codes(frame[side]).astype(np.int64) for side in IDS)
    keys: np.ndarray = user * (int(item.max(initial=0)) + 1) + item
    return keys
