"""Duplicate items: several ids of one thing, such as the editions of a book."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from harness.data.counts import counted
from harness.data.dataset import Dataset
from harness.data.near_columns import alike
from harness.data.pairs import pair_keys

JACCARD = 0.5
"""Without titles, two items are duplicates if the Jaccard index of their users is at least this."""

COMMON_USERS = 3
"""Without titles, two items are duplicates only if they have at least this many users in common."""

COUNTED = "are duplicates of another item"
"""Words of the note that counts duplicates."""

ARTICLES = ("the", "a", "an")


def groups(dataset: Dataset) -> np.ndarray:
    """The number of each item's group of duplicates, [I]. An item without a duplicate has a group of its own.

    If the source gives titles, items of equal title are duplicates. Otherwise items with nearly the
    same users are. All pairs count, not those of the train split alone: whether two ids mean one
    thing is a fact about the catalogue.
    """
    if dataset.titles:
        return groups_by_title(dataset.titles)
    return groups_by_users(dataset.matrix("train") + dataset.matrix("valid") + dataset.matrix("test"))


def groups_by_title(titles: Sequence[str]) -> np.ndarray:
    """Groups [I] of items with equal titles; case, punctuation, brackets and an article are ignored."""
    plain = [plain_title(title) or f"?{number}" for number, title in enumerate(titles)]
    numbers: np.ndarray = np.unique(plain, return_inverse=True)[1]
    return numbers


def plain_title(title: str) -> str:
    """A title as words in lower case, without accents, bracketed parts and a first or last article."""
    text = unicodedata.normalize("NFKD", html.unescape(title)).casefold()
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text)
    words = re.findall(r"\w+", "".join(letter for letter in text if not unicodedata.combining(letter)))
    words = words[1:] if len(words) > 1 and words[0] in ARTICLES else words
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in ARTICLES else words)


def groups_by_users(pairs: sp.csr_matrix) -> np.ndarray:
    """Groups [I] of items whose users in ``pairs`` [U, I] have a Jaccard index of ``JACCARD`` or more.

    A duplicate of a duplicate is in the same group, so that two items of a group may be further apart.
    """
    near = alike(pairs, JACCARD, COMMON_USERS)
    links = sp.coo_matrix((np.ones(near.shape[1]), near), shape=(pairs.shape[1], pairs.shape[1]))
    numbers: np.ndarray = sp.csgraph.connected_components(links, directed=False)[1]
    return numbers


def note(dataset: Dataset, group: np.ndarray) -> str | None:
    """A sentence on how many items are duplicates and how many test pairs that concerns; None if none are.

    A test pair is concerned if the user has a train pair with a duplicate of its item.

    Args:
        dataset: The dataset.
        group: The number of each item's group, [I], as :func:`groups` says.
    """
    sizes = np.bincount(group)
    if sizes.max() < 2:
        return None
    trained, tested = (
        pair_keys(np.stack([pairs[:, 0], group[pairs[:, 1]]], axis=1), len(sizes))
        for pairs in (dataset.train, dataset.test)
    )
    criterion = "equal titles" if dataset.titles else f"users with a Jaccard index of {JACCARD} or more"
    duplicated = sizes[sizes > 1]
    share = np.isin(tested, trained).mean()
    return (
        f"{duplicated.sum():,} items {COUNTED}, in {counted(len(duplicated), 'group')} "
        f"({criterion}); for {share:.1%} of the test pairs, the user's train items include a duplicate"
    )


def is_counted(notes: Sequence[str]) -> bool:
    """Whether one of the notes on a dataset counts its duplicates."""
    return any(COUNTED in sentence for sentence in notes)


def merge(dataset: Dataset, group: np.ndarray) -> Dataset:
    """The dataset with each group of duplicates as one item: the one with the most train pairs.

    If a pair is then in several splits, it stays in the first of train, validation and test.

    Args:
        dataset: The dataset.
        group: The number of each item's group, [I], as :func:`groups` says.
    """
    kept, position = _merged_positions(group, dataset.train)
    seen, splits = np.empty((0, 2), dtype=np.int64), []
    for split in (dataset.train, dataset.valid, dataset.test):
        pairs = np.unique(np.stack([split[:, 0], position[split[:, 1]]], axis=1), axis=0)
        new = pairs[~np.isin(pair_keys(pairs, len(kept)), pair_keys(seen, len(kept)))]
        splits.append(new)
        seen = np.concatenate([seen, new])
    dropped = sum(map(len, (dataset.train, dataset.valid, dataset.test))) - len(seen)
    sentence = (
        f"duplicate items are merged: {len(group):,} items became {len(kept):,}, and {dropped:,} pairs were "
        "dropped because they became equal to another pair"
    )
    first = np.unique(position[dataset.train[:, 1]] + len(kept) * dataset.train[:, 0], return_index=True)[1]
    return replace(
        dataset,
        items=dataset.items[kept],
        train=splits[0],
        valid=splits[1],
        test=splits[2],
        titles=tuple(dataset.titles[item] for item in kept) if dataset.titles else None,
        reviews=dataset.reviews.rows(first) if dataset.reviews else None,
        facts=dataset.facts.rows(kept) if dataset.facts else None,
        notes=(*dataset.notes, sentence),
    )


def _merged_positions(group: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The items that stay, and for each item the position of the one that stands for it.

    Args:
        group: The number of each item's group, [I].
        train: Train pairs, [E, 2].

    Returns:
        Positions of the items that stay, ascending, [K]; and positions among these, [I].
    """
    degree = np.bincount(train[:, 1], minlength=len(group))
    order = np.lexsort((np.arange(len(group)), -degree))
    chosen = order[np.unique(group[order], return_index=True)[1]]  # one item of each group, by its number
    kept = np.sort(chosen)
    return kept, np.searchsorted(kept, chosen[group])
