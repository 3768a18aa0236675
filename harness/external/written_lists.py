"""Lists written to a file, in each form that can be read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from harness.errors import InputError
from harness.external.list_formats import ITEM, SCORE, SPLIT, USER
from harness.store.files import replaced, writing

ENDINGS = (".parquet", ".csv", ".trec", ".run")


def check_ending(path: Path) -> None:
    """Check that lists can be written to a file of this name.

    Raises:
        InputError: Its ending is another.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"{path}: lists have no such form; expected a name that ends in {', '.join(ENDINGS)}"
        )


def write_lists(frame: pd.DataFrame, path: Path) -> None:
    """Write lists with the columns ``user``, ``item``, ``score`` and ``split``.

    Scores are written so that they are the same when they are read.

    Raises:
        InputError: The ending is of no known form, or an id cannot be written in a TREC run.
        StoreError: The file cannot be written.
    """
    check_ending(path)
    with writing(path), replaced(path) as unfinished:
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(unfinished, index=False)
        elif path.suffix.lower() == ".csv":
            frame.astype({SCORE: float}).to_csv(unfinished, index=False)
        else:
            unfinished.write_text(_trec(frame, path), encoding="utf-8")


def _trec(frame: pd.DataFrame, path: Path) -> str:
    """Lists as a TREC run, whose tag is the checksum of the split.

    Raises:
        InputError: An id holds a blank.
    """
    for column in (USER, ITEM):
        blank = frame[column][frame[column].str.contains(r"\s", regex=True)]
        if len(blank):
            raise InputError(
                f"{path}: the {column} {blank.iloc[0]!r} holds a blank, which a TREC run cannot hold; "
                "expected a name that ends in .parquet or .csv"
            )
    ranks = frame.groupby(USER, sort=False).cumcount() + 1
    columns = (frame[USER], frame[ITEM], ranks, frame[SCORE].astype(float), frame[SPLIT])
    rows = zip(*columns, strict=True)
    return "".join(f"{user} Q0 {item} {rank} {score!r} {tag}\n" for user, item, rank, score, tag in rows)
