"""Splits of a frame of interactions; each returns one label of ``SPLITS`` a row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.errors import InputError


def labels(frame: pd.DataFrame, kind: str, shares: list[float], seed: int, place: str) -> np.ndarray:
    """Label every row ``train``, ``valid`` or ``test``, [E].

    Args:
        frame: E rows; columns ``user``, ``item`` and, where the split needs it, ``timestamp``.
        kind: ``random``, ``per_user``, ``leave_one_out``, ``temporal``, ``cold_users`` or ``cold_items``.
        shares: Shares of train, valid and test, of the users or items where these are held out whole;
            leave-one-out has no use for them.
        seed: Seed of the shuffle.
        place: What to call the source in an error.

    Raises:
        InputError: A temporal split of interactions without time.
    """
    random = np.random.default_rng(seed)
    shuffled = pd.Series(random.permutation(len(frame)), index=frame.index)
    if kind == "temporal" and "timestamp" not in frame:
        raise InputError(f"{place}: no timestamp column; a temporal split needs one")
    if kind in ("cold_users", "cold_items"):
        codes, tokens = pd.factorize(frame[kind.removeprefix("cold_").removesuffix("s")], sort=True)
        return _cut(random.permutation(len(tokens))[codes] / len(tokens), shares)
    if kind in ("random", "temporal"):
        rank = frame["timestamp"].rank(method="first") - 1 if kind == "temporal" else shuffled
        return _cut(rank.to_numpy() / len(frame), shares)
    order = frame["timestamp"] if kind == "leave_one_out" and "timestamp" in frame else shuffled
    keys = pd.DataFrame({"user": frame["user"], "order": order, "tie": shuffled})
    position = keys.sort_values(["order", "tie"]).groupby("user").cumcount().reindex(frame.index)
    count = frame.groupby("user")["item"].transform("size")
    if kind == "per_user":
        return _cut((position / count).to_numpy(), shares)
    left = (count - position).to_numpy()  # 1 is a user's last interaction
    enough = (count >= 3).to_numpy()
    return np.select([enough & (left == 1), enough & (left == 2)], ["test", "valid"], "train")


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
