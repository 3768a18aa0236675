"""Items of equal score, and what a list is expected to hold over all orders of them.

The items that one user gives exactly the same score form a tie group. Nothing says which of them comes first,
so every order is equally likely, and a metric is its mean over all orders. An item whose score no other item
has is a group of its own, and its position is certain.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


class TieGroups(NamedTuple):
    """The tie group of every position in the users' lists.

    Attributes:
        start: Position at which the group begins, counted from 0, [U, K].
        size: Number of items in the group, those beyond the end of the list among them, [U, K].
    """

    start: Array
    size: Array

    def crosses(self, k: int) -> Array:
        """Return whether a group lies on both sides of the cut after position k, bool [U]; k <= K."""
        crosses: Array = (self.start + self.size)[:, k - 1] > k
        return crosses

    def relevant(self, hits: Array, in_last: Array) -> Array:
        """Count the relevant items in the group of every position, [U, K].

        Args:
            hits: Which of the listed items are relevant, bool [U, K].
            in_last: Number of relevant items in the group that crosses the end of the list, [U].
        """
        depth, stop = hits.shape[1], self.start + self.size
        before = _count_before(hits)
        listed = _at(before, np.minimum(stop, depth)) - _at(before, self.start)
        return np.where(stop > depth, in_last[:, None], listed)


class Relevance(NamedTuple):
    """What is expected at every position of the users' lists, over all orders of equal scores.

    Without ties, all values but ``seen`` are 0 or 1.

    Attributes:
        chance: Probability that the item is relevant, [U, K].
        first: Probability that the item is the first relevant one, [U, K].
        seen: Mean of the number of relevant items up to and with this one, where the number counts as 0 if
            the item is not relevant, [U, K].
    """

    chance: Array
    first: Array
    seen: Array


def tie_groups(values: Array, size_of_last: Array) -> TieGroups:
    """Find the tie groups of the users' lists.

    Args:
        values: Scores of the listed items, best first, [U, K]. Hidden items have -inf and are not tied.
        size_of_last: Number of items in the group that crosses the end of the list, [U]; 0 if none does.
    """
    depth = values.shape[1]
    position = np.arange(depth)
    begins, ends = np.ones((2, *values.shape), dtype=bool)
    begins[:, 1:] = (values[:, 1:] != values[:, :-1]) | np.isneginf(values[:, 1:])
    ends[:, :-1] = begins[:, 1:]
    start = np.maximum.accumulate(np.where(begins, position, 0), axis=1)
    stop = np.minimum.accumulate(np.where(ends, position + 1, depth)[:, ::-1], axis=1)[:, ::-1]
    crosses = (stop == depth) & (size_of_last > 0)[:, None]
    return TieGroups(start, np.where(crosses, size_of_last[:, None], stop - start))


def relevance(hits: Array, groups: TieGroups, in_last: Array) -> Relevance:
    """Return what is expected at every position of the users' lists.

    A group of n items has r relevant ones, and H relevant items come before it. At its position t, counted
    from 0, the item is relevant with a chance of r / n. If no relevant item has come before, it is relevant
    with a chance of r / (n - t). If it is relevant, each of the t items before it is so with a chance of
    (r - 1) / (n - 1).

    Args:
        hits: Which of the listed items are relevant, bool [U, K].
        groups: The tie groups of the lists.
        in_last: Number of relevant items in the group that crosses the end of the list, [U].
    """
    start, size = groups
    if (size == 1).all():  # the formulas below take five times as long, for the same numbers
        so_far = hits.cumsum(1)
        return Relevance(
            hits.astype(float), (hits & (so_far == 1)).astype(float), (hits * so_far).astype(float)
        )
    relevant = groups.relevant(hits, in_last)
    offset = np.arange(hits.shape[1]) - start
    left = size - offset
    chance = relevant / size
    none_so_far = np.ones(hits.shape)
    none_so_far[:, 1:] = np.cumprod((np.maximum(left - relevant, 0) / left)[:, :-1], axis=1)
    first = none_so_far * (relevant / left)
    among_earlier = offset * (relevant - 1) / np.maximum(size - 1, 1)
    seen = chance * (_at(_count_before(hits), start) + 1 + among_earlier)
    return Relevance(chance, first, seen)


class Exposure:
    """How often every item is recommended at each cut-off, as expected over all orders of equal scores.

    Attributes:
        expected: Expected number of lists that hold the item, by cut-off, [I] each.
        log_absent: Logarithm of the probability that no list holds the item, by cut-off, [I] each.
    """

    def __init__(self, cutoffs: tuple[int, ...], items: int) -> None:
        """Begin with no list."""
        self.expected = {k: np.zeros(items) for k in cutoffs}
        self.log_absent = {k: np.zeros(items) for k in cutoffs}

    def add(self, items: Array, start: Array, size: Array) -> None:
        """Add an item of a user n times over: its number, and the start and size of its tie group, [n] each.

        Of a group that begins at s and has n items, a list of k holds each with a chance of (k - s) / n.
        """
        stop = start + size
        for k, expected in self.expected.items():
            certain = items[stop <= k]
            expected += np.bincount(certain, minlength=len(expected))
            self.log_absent[k][certain] = -np.inf
            is_shared = (start < k) & (stop > k)
            chance = (k - start[is_shared]) / size[is_shared]
            expected += np.bincount(items[is_shared], chance, len(expected))
            self.log_absent[k] += np.bincount(items[is_shared], np.log1p(-chance), len(expected))


def _count_before(hits: Array) -> Array:
    """Return the number of hits before every position and before the end of the list, [U, K + 1]."""
    return np.pad(hits.cumsum(1), ((0, 0), (1, 0)))


def _at(counts: Array, positions: Array) -> Array:
    """Return the counts [U, K + 1] of each user at the positions [U, K]."""
    return np.take_along_axis(counts, positions, axis=1)
