"""Splits of a frame of interactions; each returns one label of ``SPLITS`` for every row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.data.dataset import SPLITS
from harness.data.interactions import codes
from harness.errors import InputError

TRAIN, VALID, TEST = range(len(SPLITS))


def labels(frame: pd.DataFrame, kind: str, shares: list[float], seed: int, origin: str) -> pd.Categorical:
    """Label every row ``train``, ``valid`` or ``test``, [E].

    Args:
        frame: E rows; columns ``user``, ``item`` and, where the split needs it, ``timestamp``.
        kind: ``random``, ``per_user``, ``leave_one_out``, ``temporal``, ``cold_users`` or ``cold_items``.
        shares: Shares of train, valid and test. For ``cold_users`` and ``cold_items`` these are shares of
            the users or items that are held out whole. ``leave_one_out`` does not use them.
        seed: Seed of the shuffle.
        origin: What to call the source in an error.

    Raises:
        InputError: A temporal split of interactions without time.
    """
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(frame))
    if kind == "temporal" and "timestamp" not in frame:
        raise InputError(f"{origin}: no timestamp column; a temporal split needs one")
    if kind in ("cold_users", "cold_items"):
        side = kind.removeprefix("cold_").removesuffix("s")
        ids, number = np.unique(codes(frame[side]), return_inverse=True)
        return _cut(random.permutation(len(ids))[number] / len(ids), shares)
    if kind in ("random", "temporal"):
        rank = time_rank(frame) if kind == "temporal" else shuffled
        return _cut(rank / len(frame), shares)
    user = codes(frame["user"])
    timed = kind == "leave_one_out" and "timestamp" in frame
    order = np.lexsort((shuffled, frame["timestamp"], user) if timed else (shuffled, user))
    count = np.bincount(user)
    position = np.empty(len(frame), np.int64)  # among the user's interactions
    position[order] = np.arange(len(frame)) - np.repeat(np.cumsum(count) - count, count)
    count = count[user]
    left = count - position  # 1 is a user's last interaction
    if kind == "per_user":
        valid, test = held_out_counts(count, shares)
        return _labelled([left <= test, left <= test + valid])
    enough = count >= 3
    return _labelled([enough & (left == 1), enough & (left == 2)])


def time_rank(frame: pd.DataFrame) -> np.ndarray:
    """The rank of each interaction in order of time, from 0, [E]. Of equal times, the first row is first."""
    rank = np.empty(len(frame), np.int64)
    rank[np.argsort(frame["timestamp"].to_numpy(), kind="stable")] = np.arange(len(frame))
    return rank


def held_out_counts(count: np.ndarray, shares: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """How many of a user's interactions are for validation and for the test, as RecBole counts them.

    Each number is the user's share, rounded down. If it is 0, it becomes 1 as long as the user keeps a
    train pair. A user has a test pair from 2 interactions on, and a validation pair from 3 on.

    Args:
        count: Interactions of users, [n].
        shares: Shares of train, valid and test.

    Returns:
        Validation pairs and test pairs, [n] each.
    """
    # A product such as 100 * .29 is 28.999999999999996: it is meant to be 29.
    valid, test = (np.floor(count * share + 1e-9).astype(int) for share in shares[1:])
    test = np.where((test == 0) & (count - valid > 1), 1, test)
    valid = np.where((valid == 0) & (count - test > 1), 1, valid)
    return valid, test


def carve_valid(split: pd.Categorical, share: float, seed: int) -> pd.Categorical:
    """The labels ``split`` [E] with a random ``share`` of the train rows as ``valid``, [E]."""
    train = np.flatnonzero(split == "train")
    chosen = np.random.default_rng(seed).permutation(train)[: round(share * len(train))]
    result = split.copy()
    result[chosen] = "valid"
    return result


def _cut(quantile: np.ndarray, shares: list[float]) -> pd.Categorical:
    """Labels by quantile in [0, 1): train first, test last."""
    train, valid = shares[0], shares[0] + shares[1]
    return _labelled([quantile >= valid - 1e-12, quantile >= train - 1e-12])


def _labelled(held_out: list[np.ndarray]) -> pd.Categorical:
    """``test`` where the first condition holds, else ``valid`` where the second does, else ``train``."""
    numbers = np.select(held_out, [np.int8(TEST), np.int8(VALID)], np.int8(TRAIN))
    return pd.Categorical.from_codes(numbers, SPLITS)
