"""Strata of users by their train degree, and of items by their popularity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

Grouping = Literal["equal_users", "equal_interactions"]
"""What the strata of users hold about the same number of."""

ITEM_STRATA = ("tail", "middle", "head")
"""Strata of items, least popular first; each holds about a third of the train pairs."""


def user_strata(
    degree: pd.Series,
    by: Grouping = "equal_interactions",
    groups: int = 5,
    edges: Sequence[int] | None = None,
) -> pd.Series:
    """Return the stratum of every user.

    All users of one degree are in the same stratum. So the strata are only about equal, and there are
    fewer than ``groups`` if few degrees hold most users or pairs.

    Args:
        degree: Number of train pairs of each user; index user.
        by: Whether strata hold about the same number of users, or of their train pairs (as in the papers).
        groups: Largest number of strata.
        edges: Ascending degrees, used instead of ``by`` and ``groups``. Each is the largest degree of a
            stratum; one more stratum holds the users beyond the last.

    Returns:
        Ordered categories from the sparsest to the densest stratum, named after their degrees as in
        ``6-11``; same index.
    """
    if edges is not None:
        codes = np.searchsorted(np.asarray(edges), degree.to_numpy(), side="left")
    else:
        weight = np.ones(len(degree)) if by == "equal_users" else degree.to_numpy(dtype=float)
        codes = _parts(degree.to_numpy(), weight, groups)
    return _labelled(degree, codes)


def item_strata(degree: np.ndarray) -> np.ndarray:
    """Return each item's position in ``ITEM_STRATA``, [I], from the items' numbers of train pairs [I]."""
    return _parts(degree, degree.astype(float), len(ITEM_STRATA))


def _parts(degree: np.ndarray, weight: np.ndarray, parts: int) -> np.ndarray:
    """Part nodes, sorted by degree, into ``parts`` of about equal weight; returns each node's part.

    The nodes of one degree stay together, in the part that holds the middle of their weight.
    """
    values, position = np.unique(degree, return_inverse=True)
    mass = np.bincount(position, weights=weight, minlength=len(values))
    if mass.sum() == 0:
        return np.zeros(len(degree), dtype=np.int64)
    middle = (mass.cumsum() - mass / 2) / mass.sum()
    codes: np.ndarray = np.minimum((middle * parts).astype(np.int64), parts - 1)[position]
    return codes


def _labelled(degree: pd.Series, codes: np.ndarray) -> pd.Series:
    """Turn codes into categories named after their degrees; each begins where the one before ends."""
    present = np.unique(codes)
    ends = [int(degree[codes == code].max()) for code in present]
    begins = [int(degree.min()) if len(degree) else 0, *(end + 1 for end in ends[:-1])]
    labels = [
        str(begin) if begin == end else f"{begin}-{end}" for begin, end in zip(begins, ends, strict=True)
    ]
    positions = np.searchsorted(present, codes)
    return pd.Series(pd.Categorical.from_codes(positions, labels, ordered=True), index=degree.index)
