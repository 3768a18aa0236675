"""Duplicate items are recognised by title or by their users, counted in a note, and merged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import duplicate_items, near_columns
from harness.data.dataset import SPLITS, Dataset
from harness.data.prepare import prepare
from harness.data.spec import Matrices, Movielens, SplitSpec
from tests.worlds import SHARED, needs_data


def shop(train: list[tuple[int, int]], valid: list[tuple[int, int]], test: list[tuple[int, int]]) -> Dataset:
    """Four users and four items."""
    tokens = np.array(["a", "b", "c", "d"])
    return Dataset(
        "shop", tokens, tokens, *(np.array(pairs).reshape(-1, 2) for pairs in (train, valid, test))
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Othello", "OTHELLO (Penguin Classics)", True),
        ("The Ice Storm", "Ice Storm, The", True),
        ("Les Mis&eacute;rables", "Les Miserables", True),
        ("War &amp; Peace", "War & Peace [Hardcover]", True),
        ("Twelve Angry Men 1957", "Twelve Angry Men 1997", False),
        ("Star Wars: Episode IV", "Star Wars: Episode V", False),
        ("", "", False),
        ("(1984)", "[It]", False),
        ("The", "A", False),
    ],
)
def test_titles_are_equal_but_for_their_print(one: str, other: str, same: bool) -> None:
    groups = duplicate_items.groups_by_title([one, "something else", other])
    assert (groups[0] == groups[2]) == same
    assert groups[1] not in (groups[0], groups[2])


def test_items_with_nearly_the_same_users_are_duplicates() -> None:
    dataset = shop([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 1), (3, 2), (0, 3), (1, 3)], [], [])
    groups = duplicate_items.groups(dataset)
    assert groups[0] == groups[1], "Jaccard 3/4 with three common users"
    assert len(set(groups)) == 3, "item 3 has but two users in common with either"


def test_the_note_counts_items_groups_and_tested_pairs() -> None:
    dataset = replace(shop([(0, 0), (1, 2)], [], [(0, 1), (1, 3)]), titles=("It", "It", "Emma", "Ulysses"))
    found = duplicate_items.note(dataset, duplicate_items.groups(dataset))
    assert found == (
        "2 items are duplicates of another item, in 1 group (equal titles); for 50.0% of the test pairs, "
        "the user's train items include a duplicate"
    )
    assert not duplicate_items.is_counted(dataset.notes)
    assert duplicate_items.is_counted([found])
    other = replace(dataset, titles=("It", "Emma", "Ulysses", "Nana"))
    assert duplicate_items.note(other, duplicate_items.groups(other)) is None


def test_merging_keeps_a_pair_in_its_first_split() -> None:
    dataset = shop([(0, 0), (1, 1), (2, 1)], [(0, 1), (1, 2)], [(1, 0), (2, 0), (3, 0), (3, 1), (0, 3)])
    titled = replace(dataset, titles=("It", "It", "Emma", "Nana"))
    merged = duplicate_items.merge(titled, duplicate_items.groups(titled))
    assert merged.items.tolist() == ["b", "c", "d"], "item b has more train pairs than a"
    assert merged.train.tolist() == [[0, 0], [1, 0], [2, 0]]
    assert merged.valid.tolist() == [[1, 1]]
    assert merged.test.tolist() == [[0, 2], [3, 0]]
    assert merged.titles == ("It", "Emma", "Nana")
    assert "4 items became 3, and 4 pairs were dropped" in merged.notes[-1]


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.sampled_from("abcdef"), min_size=12, max_size=12), st.integers(0, 100))
def test_merging_loses_no_user_item_fact(titles: list[str], seed: int) -> None:
    random = np.random.default_rng(seed)
    cells = random.permutation(5 * 12)[:30]
    parts = [np.stack([part // 12, part % 12], axis=1) for part in np.split(cells, [15, 20])]
    numbers = np.arange(12).astype(str)
    dataset = Dataset("d", numbers[:5], numbers, *parts, titles=tuple(titles))
    merged = duplicate_items.merge(dataset, duplicate_items.groups(dataset))
    assert merged.titles is not None
    assert len(set(merged.titles)) == len(merged.titles)
    facts = {(user, titles[item]) for split in SPLITS for user, item in dataset.pairs(split)}
    kept = [(user, merged.titles[item]) for split in SPLITS for user, item in merged.pairs(split)]
    assert len(kept) == len(set(kept))
    assert set(kept) == facts
    trained = {(user, titles[item]) for user, item in dataset.train}
    assert {(user, merged.titles[item]) for user, item in merged.train} == trained


def test_movielens_has_films_under_two_ids() -> None:
    dataset = prepare("m", Movielens(kind="movielens", core=0, min_rating=None), SplitSpec(), 0, merged=True)
    assert len(dataset.items) == 1682 - 18
    assert "246" not in dataset.items or "268" not in dataset.items
    assert any("36 items are duplicates of another item, in 18 groups" in note for note in dataset.notes)
    assert dataset.texts is not None
    assert len(dataset.texts.item_profile) == len(dataset.items)


def groups_by_every_pair(pairs: sp.csr_matrix) -> np.ndarray:
    """Groups by the index of every item with every other."""
    common = (pairs.T @ pairs).toarray()
    degree = common.diagonal()
    index = common / np.maximum(degree[:, None] + degree - common, 1)
    linked = sp.coo_matrix((index >= duplicate_items.JACCARD) & (common >= duplicate_items.COMMON_USERS))
    numbers: np.ndarray = sp.csgraph.connected_components(linked, directed=False)[1]
    return numbers


@settings(deadline=None)  # a busy machine is no fault
@given(st.integers(0, 10_000), st.integers(3, 40), st.floats(0.02, 0.9), st.integers(1, 2000))
def test_candidates_miss_no_duplicate(seed: int, users: int, share: float, block: int) -> None:
    """With items that are copies of each other up to a few users, and blocks that end anywhere."""
    random = np.random.default_rng(seed)
    chosen = random.random((users, 30)) < share * random.random((users, 1))
    chosen[:, 20:] = chosen[:, :10] ^ (random.random((users, 10)) < 0.2)
    pairs = sp.csr_matrix(chosen.astype(np.float32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_columns, "MOST_PRODUCTS", block)
        groups = duplicate_items.groups_by_users(pairs)
    np.testing.assert_array_equal(groups, groups_by_every_pair(pairs))


@needs_data
def test_amazon_book_has_the_known_duplicates_and_yelp_none() -> None:
    """By this definition 340 items of Amazon-book are known to be duplicates, and none of Yelp."""
    counts = []
    for name in ("amazon-book", "yelp"):
        source = Matrices(kind="matrices", folder=SHARED / name)
        dataset = prepare(name, source, SplitSpec(kind="given"), 0)
        sizes = np.bincount(duplicate_items.groups(dataset))
        counts.append(int(sizes[sizes > 1].sum()))
    assert counts == [340, 0]
