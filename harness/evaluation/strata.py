"""Strata of users by train degree and of items by popularity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

Grouping = Literal["equal_users", "equal_interactions"]

ITEM_STRATA = ("tail", "middle", "head")
"""A third of the train interactions each, least popular items first."""


def user_strata(
    degree: pd.Series,
    by: Grouping = "equal_interactions",
    groups: int = 5,
    edges: Sequence[int] | None = None,
) -> pd.Series:
    """The stratum of every user.

    Users of one degree are never parted, so strata are only about equal, and fewer than ``groups``
    where few degrees carry most of the weight.

    Args:
        degree: Train pairs of each user, index user.
        by: What strata hold about the same number of: users, or their interactions (as the papers do).
        groups: How many strata at most.
        edges: Ascending degrees instead: a stratum ends with each, one more holds the users beyond.

    Returns:
        Ordered categories from sparse to dense, labelled with their degrees as in ``6-11``; same index.
    """
    if edges is not None:
        codes = np.searchsorted(np.asarray(edges), degree.to_numpy(), side="left")
    else:
        weight = np.ones(len(degree)) if by == "equal_users" else degree.to_numpy(dtype=float)
        codes = _parts(degree.to_numpy(), weight, groups)
    return _labelled(degree, codes)


def item_strata(degree: np.ndarray) -> np.ndarray:
    """The place in ``ITEM_STRATA`` of every item, by its train interactions [I]."""
    return _parts(degree, degree.astype(float), len(ITEM_STRATA))


def _parts(degree: np.ndarray, weight: np.ndarray, parts: int) -> np.ndarray:
    """Cut the line of degrees into parts of about equal weight; a degree goes where its middle lies."""
    values, place = np.unique(degree, return_inverse=True)
    mass = np.bincount(place, weights=weight, minlength=len(values))
    if mass.sum() == 0:
        return np.zeros(len(degree), dtype=np.int64)
    middle = (mass.cumsum() - mass / 2) / mass.sum()
    codes: np.ndarray = np.minimum((middle * parts).astype(np.int64), parts - 1)[place]
    return codes


def _labelled(degree: pd.Series, codes: np.ndarray) -> pd.Series:
    """Codes as ordered labels; a stratum begins where the one before ends."""
    present = np.unique(codes)
    ends = [int(degree[codes == code].max()) for code in present]
    begins = [int(degree.min()) if len(degree) else 0, *(end + 1 for end in ends[:-1])]
    labels = [
        str(begin) if begin == end else f"{begin}-{end}" for begin, end in zip(begins, ends, strict=True)
    ]
    places = np.searchsorted(present, codes)
    return pd.Series(pd.Categorical.from_codes(places, labels, ordered=True), index=degree.index)
