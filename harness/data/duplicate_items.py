"""Twin items: several ids of one thing, such as the editions of a book."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from harness.data.dataset import Dataset
from harness.data.pairs import pair_keys

JACCARD = 0.5
"""Items whose users overlap at least this much are twins where no titles are known."""

COMMON_USERS = 3
"""And have at least so many users in common."""

ARTICLES = ("the", "a", "an")


def find(dataset: Dataset) -> np.ndarray:
    """The number of each item's group, [I]; an item without a twin is alone in its group.

    Twins are items of equal title, where the source gives titles, else items of nearly the same
    users. Whether two ids are one thing is a fact about the catalogue, so that, as for a core, every
    pair counts and not those of the train split alone.
    """
    if dataset.titles:
        return by_title(dataset.titles)
    return by_users(dataset.matrix("train") + dataset.matrix("valid") + dataset.matrix("test"))


def by_title(titles: Sequence[str]) -> np.ndarray:
    """Groups [I] of items whose titles are equal but for case, marks, brackets and article."""
    plain = [plain_title(title) or f"?{number}" for number, title in enumerate(titles)]
    groups: np.ndarray = np.unique(plain, return_inverse=True)[1]
    return groups


def plain_title(title: str) -> str:
    """A title as words in lower case, without accents, bracketed parts and a first or last article."""
    text = unicodedata.normalize("NFKD", html.unescape(title)).casefold()
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text)
    words = re.findall(r"\w+", "".join(letter for letter in text if not unicodedata.combining(letter)))
    words = words[1:] if len(words) > 1 and words[0] in ARTICLES else words
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in ARTICLES else words)


def by_users(pairs: sp.csr_matrix) -> np.ndarray:
    """Groups [I] of items whose users in ``pairs`` [U, I] have a Jaccard index of ``JACCARD`` or more.

    Twins of a twin are in its group, so that two items of a group may be further apart.
    """
    common = (pairs.T @ pairs).tocoo()
    degree = np.asarray(pairs.sum(0)).ravel()
    union = degree[common.row] + degree[common.col] - common.data
    near = (common.data >= JACCARD * union) & (common.data >= COMMON_USERS)
    linked = sp.coo_matrix((near[near], (common.row[near], common.col[near])), shape=common.shape)
    groups: np.ndarray = sp.csgraph.connected_components(linked, directed=False)[1]
    return groups


def sentence(dataset: Dataset) -> str | None:
    """How many items have twins, and how often one of a test pair is in train; None without twins."""
    groups = find(dataset)
    sizes = np.bincount(groups)
    if sizes.max() < 2:
        return None
    trained, tested = (
        pair_keys(np.stack([pairs[:, 0], groups[pairs[:, 1]]], axis=1), len(sizes))
        for pairs in (dataset.train, dataset.test)
    )
    how = "equal titles" if dataset.titles else f"users with a Jaccard index of {JACCARD} or more"
    return (
        f"{sizes[sizes > 1].sum():,} items are twins, in {(sizes > 1).sum():,} groups ({how}); "
        f"{np.isin(tested, trained).mean():.1%} of the test pairs have a twin among the user's train items"
    )


def merge(dataset: Dataset) -> Dataset:
    """The dataset with each group of twins as one item, the one with most train pairs.

    A pair that stands in several splits after that stays in the first of train, validation and test.
    """
    groups = find(dataset)
    degree = np.bincount(dataset.train[:, 1], minlength=len(groups))
    order = np.lexsort((np.arange(len(groups)), -degree))
    chosen = order[np.unique(groups[order], return_index=True)[1]]  # of each group, by its number
    kept = np.sort(chosen)
    position = np.searchsorted(kept, chosen[groups])
    seen, parts = np.empty((0, 2), dtype=np.int64), []
    for split in (dataset.train, dataset.valid, dataset.test):
        pairs = np.unique(np.stack([split[:, 0], position[split[:, 1]]], axis=1), axis=0)
        new = pairs[~np.isin(pair_keys(pairs, len(kept)), pair_keys(seen, len(kept)))]
        parts.append(new)
        seen = np.concatenate([seen, new])
    dropped = sum(map(len, (dataset.train, dataset.valid, dataset.test))) - len(seen)
    note = (
        f"twins are merged: {len(groups):,} items became {len(kept):,}, and {dropped:,} pairs fell together"
    )
    first = np.unique(position[dataset.train[:, 1]] + len(kept) * dataset.train[:, 0], return_index=True)[1]
    titles = tuple(dataset.titles[item] for item in kept) if dataset.titles else None
    return replace(
        dataset,
        items=dataset.items[kept],
        train=parts[0],
        valid=parts[1],
        test=parts[2],
        titles=titles,
        reviews=dataset.reviews.rows(first) if dataset.reviews else None,
        facts=dataset.facts.rows(kept) if dataset.facts else None,
        notes=(*dataset.notes, note),
    )
