"""Prequential windows: train on the past, test on the next window of time, roll forward."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.errors import InputError

UNUSED = ""
"""The label of a row that lies behind the window, or is not known before it."""


def prequential(
    frame: pd.DataFrame, windows: int, window: int, valid_share: float, place: str
) -> tuple[np.ndarray, str]:
    """Label the rows for one window, [E], and say in a sentence what it holds.

    All interactions in order of time are cut into ``windows`` + 1 blocks of equal size. The past
    of window w is blocks 1 to w, its test pairs are block w + 1. The last ``valid_share`` of the past
    is for validation. A validation or test pair counts if its user and its item have a train pair:
    whoever comes later is not known yet, and neither trained nor ranked.

    Args:
        frame: E rows; columns ``user``, ``item`` and ``timestamp``.
        windows: Number of windows.
        window: Which of them, from 1.
        valid_share: Share of the past.
        place: What to call the source in an error.

    Raises:
        InputError: Interactions without time.
    """
    if "timestamp" not in frame:
        raise InputError(f"{place}: no timestamp column; a prequential split needs one")
    rank = frame["timestamp"].rank(method="first").to_numpy() - 1
    start, end = (len(frame) * block // (windows + 1) for block in (window, window + 1))
    trained = rank < round((1 - valid_share) * start)
    known = np.ones(len(frame), dtype=bool)
    for side in ("user", "item"):
        known &= frame[side].isin(frame.loc[trained, side].unique()).to_numpy()
    parts = np.select(
        [trained, known & (rank < start), known & (rank < end)], ["train", "valid", "test"], UNUSED
    )
    tested, whole = int((parts == "test").sum()), end - start
    note = (
        f"window {window} of {windows}: {tested:,} of {whole:,} test pairs are of users and items with a "
        "train pair, the others are left out"
    )
    return parts, note
