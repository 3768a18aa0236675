"""Prequential windows: train on the past, test on the next window of time, roll forward."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.data.dataset import SPLITS
from harness.data.interactions import IDS, codes
from harness.data.splits import time_rank
from harness.errors import InputError

UNUSED = ""
"""The label of a row that comes after the window, or whose user or item has no train pair before it."""


def prequential(
    frame: pd.DataFrame, windows: int, window: int, valid_share: float, origin: str
) -> tuple[pd.Categorical, str]:
    """Label the rows for one window, [E], and say in a sentence how many of its test pairs are left.

    All interactions are put in order of time and cut into ``windows`` + 1 blocks of equal size. The past
    of window w is blocks 1 to w, and its test pairs are block w + 1. The last ``valid_share`` of the past
    is for validation. A validation or test pair stays if its user and its item have a train pair. Users
    and items that come later do not exist yet in this window: they are neither trained nor ranked.

    Args:
        frame: E rows; columns ``user``, ``item`` and ``timestamp``.
        windows: Number of windows.
        window: The number of the window, from 1.
        valid_share: The share of the past that is for validation.
        origin: What to call the source in an error.

    Raises:
        InputError: The interactions have no time.
    """
    if "timestamp" not in frame:
        raise InputError(f"{origin}: no timestamp column; a prequential split needs one")
    rank = time_rank(frame)
    start, end = (len(frame) * block // (windows + 1) for block in (window, window + 1))
    trained = rank < round((1 - valid_share) * start)
    has_train_pair = np.ones(len(frame), dtype=bool)
    for side in IDS:
        ids = codes(frame[side])
        in_train = np.zeros(ids.max(initial=-1) + 1, dtype=bool)
        in_train[ids[trained]] = True
        has_train_pair &= in_train[ids]
    conditions = [trained, has_train_pair & (rank < start), has_train_pair & (rank < end)]
    numbers = np.select(conditions, list(range(len(SPLITS))), len(SPLITS))
    parts = pd.Categorical.from_codes(numbers, [*SPLITS, UNUSED])
    tested, whole = int((parts == "test").sum()), end - start
    note = (
        f"window {window} of {windows}: {tested:,} of {whole:,} test pairs have a user and an item with "
        "a train pair; the others are left out"
    )
    return parts, note
