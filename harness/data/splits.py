"""Splits of a frame of interactions; each returns one label of ``SPLITS`` for every row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.errors import InputError


def labels(frame: pd.DataFrame, kind: str, shares: list[float], seed: int, origin: str) -> np.ndarray:
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
    shuffled = pd.Series(random.permutation(len(frame)), index=frame.index)
    if kind == "temporal" and "timestamp" not in frame:
        raise InputError(f"{origin}: no timestamp column; a temporal split needs one")
    if kind in ("cold_users", "cold_items"):
        codes, ids = pd.factorize(frame[kind.removeprefix("cold_").removesuffix("s")], sort=True)
        return _cut(random.permutation(len(ids))[codes] / len(ids), shares)
    if kind in ("random", "temporal"):
        rank = frame["timestamp"].rank(method="first") - 1 if kind == "temporal" else shuffled
        return _cut(rank.to_numpy() / len(frame), shares)
    order = frame["timestamp"] if kind == "leave_one_out" and "timestamp" in frame else shuffled
    keys = pd.DataFrame({"user": frame["user"], "order": order, "tie": shuffled})
    position = keys.sort_values(["order", "tie"]).groupby("user").cumcount().reindex(frame.index)
    count = frame.groupby("user")["item"].transform("size").to_numpy()
    left = count - position.to_numpy()  # 1 is a user's last interaction
    if kind == "per_user":
        valid, test = held_out_counts(count, shares)
        return np.select([left <= test, left <= test + valid], ["test", "valid"], "train")
    enough = count >= 3
    return np.select([enough & (left == 1), enough & (left == 2)], ["test", "valid"], "train")


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


def carve_valid(split: np.ndarray, share: float, seed: int) -> np.ndarray:
    """The labels ``split`` [E] with a random ``share`` of the train rows as ``valid``, [E]."""
    train = np.flatnonzero(split == "train")
    chosen = np.random.default_rng(seed).permutation(train)[: round(share * len(train))]
    result = split.copy()
    result[chosen] = "valid"
    return result


def _cut(quantile: np.ndarray, shares: list[float]) -> np.ndarray:
    """Labels by quantile in [0, 1): train first, test last."""
    train, valid = shares[0], shares[0] + shares[1]
    return np.select([quantile < train - 1e-12, quantile < valid - 1e-12], ["train", "valid"], "test")
