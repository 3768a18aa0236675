"""Users that a split leaves without a test pair, and users for whom no negative can be drawn."""

from __future__ import annotations

import numpy as np

from harness.data.counts import counted
from harness.data.dataset import Dataset

REASONS = {
    "given": "because the source's split has none",
    "random": "because a random split may leave a user without one",
    "per_user": "because a user needs at least 2 interactions for one",
    "leave_one_out": "because a user needs at least 3 interactions for one",
    "temporal": "because only the latest interactions are tested",
    "prequential": "because only the interactions of the next window are tested",
    "cold_users": "because only users that were held out are tested",
    "cold_items": "because only items that were held out are tested",
}
"""Why a split leaves a user without a test pair, by the kind of the split."""


def untested_note(dataset: Dataset, kind: str, merged: bool) -> str | None:
    """A sentence on the users without a test pair; None if every user has one.

    Args:
        dataset: The dataset.
        kind: The kind of its split.
        merged: Whether its duplicate items were merged after the split.
    """
    users = len(dataset.users)
    untested = users - len(np.unique(dataset.test[:, 0]))
    if not untested:
        return None
    verb = "has" if untested == 1 else "have"
    other = ", or because duplicate items were merged" if merged else ""
    return f"{untested:,} of {counted(users, 'user')} {verb} no test pair, {REASONS[kind]}{other}"


def without_negatives_note(dataset: Dataset) -> str | None:
    """A sentence on the users who have a train pair with every item; None if there are none.

    A system that is trained with negatives cannot be trained on such a user.
    """
    degree = np.bincount(dataset.train[:, 0], minlength=len(dataset.users))
    full = np.flatnonzero(degree == len(dataset.items))
    if not len(full):
        return None
    first = str(dataset.users[full[0]])
    who = f"user {first!r} has" if len(full) == 1 else f"{len(full):,} users, {first!r} first, have"
    return (
        f"{who} every one of the {counted(len(dataset.items), 'item')} in train, so that no negative can be "
        "drawn; systems that are trained with negatives fail"
    )
