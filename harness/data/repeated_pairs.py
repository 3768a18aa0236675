"""Rows of a log that have the same user and the same item: refused, or all but one dropped."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from harness.data.counts import counted
from harness.data.sources import location
from harness.errors import InputError

Kept = Literal["first", "last", "best"]

PAIR = ["user", "item"]


def refuse_repeats(frame: pd.DataFrame) -> None:
    """Refuse a pair that stands in two rows.

    Raises:
        InputError: Names the pair and its rows, and says whether the rows are in different splits.
    """
    again = frame.duplicated(PAIR)
    if not again.any():
        return
    row = frame.loc[again.idxmax()]
    same = frame[(frame["user"] == row["user"]) & (frame["item"] == row["item"])].iloc[0]
    pair = f"user {row['user']!r} with item {row['item']!r}"
    advice = "expected it once, or `duplicates: first`, `last` or `best`"
    if "split" in frame and same["split"] != row["split"]:
        both = f"{same['split']} and {row['split']}"
        raise InputError(
            f"{location(row)}: overlap, {pair} stands in {both} (also {location(same)}); {advice}"
        )
    raise InputError(f"{location(row)}: duplicate, {pair} stands twice (also {location(same)}); {advice}")


def drop_repeats(frame: pd.DataFrame, kept: Kept, origin: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row of each pair, in the order of the file, and a note on how many rows were dropped.

    Args:
        frame: Interactions as :mod:`harness.data.sources` reads them.
        kept: Which row of a pair stays: the ``first`` or the ``last`` of the file, or the ``best``, which
            has the highest rating and, among these, the latest time.
        origin: What to call the source in an error.

    Raises:
        InputError: The best row is wanted, and the source has neither ratings nor times.
    """
    ordered = frame
    if kept == "best":
        columns = [column for column in ("rating", "timestamp") if column in frame]
        if not columns:
            raise InputError(
                f"{origin}: `duplicates: best` needs a rating or a timestamp column; the source gives none"
            )
        ordered = frame.sort_values(columns, ascending=False, kind="stable")
    again = ordered.duplicated(PAIR, keep="last" if kept == "last" else "first")
    if not again.any():
        return frame, ()
    single = ordered[~again].sort_index()
    verb = "was" if again.sum() == 1 else "were"
    note = (
        f"{counted(again.sum(), 'row')} that repeated a pair of user and item {verb} dropped; the {kept} row "
        "of each pair was kept"
    )
    if "split" in frame:
        splits = frame.groupby(PAIR)["split"].nunique()
        note += f"; {counted((splits > 1).sum(), 'pair')} had rows in several splits"
    return single, (note,)
