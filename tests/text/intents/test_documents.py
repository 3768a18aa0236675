"""Documents: what goes in, how much of it, and that it stays the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.text.intents.documents import DocumentSpec, TrainLog, cut, item_documents, user_documents


def log() -> TrainLog:
    return TrainLog(
        users=np.array(["ann", "bob"]),
        items=np.array(["i0", "i1", "i2"]),
        pairs=np.array([[0, 0], [0, 1], [1, 0]]),
        reviews=("stays in tune for weeks", "", "too loud for me"),
        ratings=np.array([5.0, 4.0, 2.0]),
        titles=("Tuner", "Strap", ""),
        abouts=("clips on", "", ""),
    )


def test_an_item_document_has_title_description_and_reviews() -> None:
    first, second, third = item_documents(log(), DocumentSpec())
    assert first.split("\n")[:3] == ["Title: Tuner", "About: clips on", "Reviews:"]
    assert set(first.split("\n")[3:]) == {
        "- (rated 5) stays in tune for weeks",
        "- (rated 2) too loud for me",
    }
    assert second == "Title: Strap"
    assert third == "", "nothing is known, nothing is said"


def test_a_user_document_has_items_their_profiles_and_own_reviews_only() -> None:
    ann, bob = user_documents(log(), ["for those who play out of tune", "", ""], DocumentSpec())
    assert "stays in tune for weeks" in ann
    assert "too loud" not in ann, "another user's review"
    assert "Title: Strap" in ann
    assert "(rated 4)" in ann
    assert bob.split("\n") == [
        "- Title: Tuner",
        "  About: clips on",
        "  What it is like: for those who play out of tune",
        "  Wrote: (rated 2) too loud for me",
    ]


def test_fields_and_lengths_are_settings() -> None:
    spec = DocumentSpec(fields=("review",), review_words=2, reviews=1)
    first, *_ = item_documents(log(), spec)
    assert first in ("Reviews:\n- stays in", "Reviews:\n- too loud")
    assert all(len(each.split()) <= 10 for each in item_documents(log(), DocumentSpec(words=10)))
    one, _ = user_documents(log(), ["", "", ""], DocumentSpec(items=1, fields=("title",)))
    assert one in ("- Title: Tuner", "- Title: Strap")


def test_a_sample_does_not_depend_on_other_nodes_or_on_order() -> None:
    whole, spec = log(), DocumentSpec(reviews=1)
    order = np.array([2, 0, 1])
    turned = replace(
        whole,
        pairs=whole.pairs[order],
        reviews=tuple(whole.reviews[row] for row in order),
        ratings=whole.ratings[order],
    )
    assert item_documents(turned, spec) == item_documents(whole, spec)
    fewer = replace(whole, pairs=whole.pairs[[0, 2]], reviews=(whole.reviews[0], whole.reviews[2]),
                    ratings=whole.ratings[[0, 2]])  # fmt: skip
    assert item_documents(fewer, spec)[0] == item_documents(whole, spec)[0]


def test_cut_keeps_short_texts_as_they_are() -> None:
    assert cut("a\n b", 2) == "a\n b"
    assert cut("a\n b c", 2) == "a b"
