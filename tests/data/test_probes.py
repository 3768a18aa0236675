"""What a split or a text gives away is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness.data.dataset import Texts
from harness.data.probes import later_train_note, named_items_note
from harness.testing.world import checkerboard

LOG = pd.DataFrame({"user": list("aaaab"), "item": list("vwxyv"), "timestamp": [1.0, 2.0, 3.0, 4.0, 9.0]})


def test_train_pairs_after_the_test_pair_are_counted() -> None:
    """Of the three train pairs of user a, two are later than the test pair."""
    parts = np.array(["train", "test", "train", "train", "train"])
    note = later_train_note(LOG, parts, "random")
    assert note is not None
    assert "67% are later than the test pair" in note


@pytest.mark.parametrize("kind", ["temporal", "leave_one_out", "given"])
def test_a_split_by_time_has_no_note(kind: str) -> None:
    parts = np.array(["train", "test", "train", "train", "train"])
    assert later_train_note(LOG, parts, kind) is None
    assert later_train_note(LOG.drop(columns="timestamp"), parts, "random") is None


def told(splits: set[str]) -> str | None:
    """What is said of texts that name the items of some splits."""
    board = checkerboard()
    titles = [f"The item {number}!" for number in range(len(board.items))]
    texts = [""] * len(board.users)
    for split in splits:
        for user, item in board.pairs(split):
            texts[user] += f" I like the ITEM {item}, really."
    blank = [""] * len(board.items)
    named = Texts(texts, blank, texts, blank)
    return named_items_note(replace(board, texts=named, titles=tuple(titles)))


def test_texts_of_train_pairs_are_not_suspicious() -> None:
    note = told({"train"})
    assert note is not None
    assert note.startswith("the user's profile text names the item of 100.00% of the train pairs, 0.00% of")
    assert "seems to have known" not in note


@pytest.mark.parametrize("split", ["valid", "test"])
def test_texts_that_name_held_out_items_are_suspicious(split: str) -> None:
    note = told({"train", split})
    assert note is not None
    assert f"seems to have known {split.replace('valid', 'validation')} pairs" in note
    assert ("refit: true" in note) == (split == "valid")


def test_without_texts_or_titles_there_is_nothing_to_tell() -> None:
    assert named_items_note(checkerboard()) is None
