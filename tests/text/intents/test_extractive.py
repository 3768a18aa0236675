"""Extractive intents: key phrases of train reviews, split by rating."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import InputError
from harness.text.intents.answers import Intent, Profile
from harness.text.intents.documents import DocumentSpec, TrainLog
from harness.text.intents.extractive import ExtractiveSpec, ExtractiveWriter
from harness.text.intents.phrases import phrase_weights, strongest
from harness.text.intents.writer import NodeTexts
from harness.text.intents.written_texts import WrittenTexts, write_texts

LOG = TrainLog(
    np.array(["u0", "u1"]), np.array(["i0", "i1", "i2"]), np.array([[0, 0], [0, 1], [1, 0], [1, 1]]),
    ["lovely warm tone", "broken cable", "lovely warm tone", "broken cable"],
    np.array([5.0, 1.0, 4.0, 2.0]), ["Piano", "Lead", ""], ["", "", ""],
)  # fmt: skip


def written(log: TrainLog = LOG, **settings: float) -> WrittenTexts:
    return write_texts(log, DocumentSpec(), ExtractiveWriter(ExtractiveSpec.model_validate(settings)))


def intent(node: NodeTexts) -> Intent:
    assert isinstance(node.intent.answer, Intent)
    return node.intent.answer


def test_phrases_are_split_by_rating() -> None:
    piano, lead, unseen = written().items
    assert intent(piano).likes == ("lovely", "tone", "warm")
    assert intent(piano).dislikes == ()
    assert intent(lead).dislikes == ("broken", "cable")
    user = intent(written().users[0])
    assert (user.likes, user.dislikes) == (("lovely", "tone", "warm"), ("broken", "cable"))
    assert user.intent == "Somebody who wants lovely, tone, warm; avoids broken, cable."
    assert isinstance(piano.profile.answer, Profile)
    assert piano.profile.answer.profile == "Piano. Liked: lovely, tone, warm."
    assert unseen.status("intent") == "no document"


def test_the_threshold_and_the_number_of_phrases_are_settings() -> None:
    assert written(like_from=4.5).items[0].status("intent") == "empty", "liked and disliked for the same"
    assert len(intent(written(phrases=1).items[0]).likes) == 1


def test_without_ratings_everything_is_liked() -> None:
    lead = intent(written(replace(LOG, ratings=np.full(4, np.nan))).items[1])
    assert (lead.likes, lead.dislikes) == (("broken", "cable"), ())


def test_titles_speak_where_nobody_wrote() -> None:
    mute = replace(LOG, reviews=[""] * 4, titles=["Warm Piano", "Cable Lead", ""])
    assert "piano" in intent(written(mute).items[0]).likes


def test_a_phrase_is_preferred_to_none_and_no_word_stands_twice() -> None:
    phrases = np.array(["cable", "broken cable", "loud", "quiet"])
    assert strongest(np.array([1.0, 2.0, 0.5, -1.0]), phrases, 3) == ("broken cable", "loud")
    assert strongest(np.array([1.0, 1.0, 1.0, 1.0]), phrases, 1) == ("broken cable",), "ties by letter"


def test_common_words_are_in_no_phrase() -> None:
    _, words = phrase_weights(
        ["wants red shoes", "wants red hats", "wants hats", "wants shoes"], 2, common=0.6
    )
    assert set(words) == {"red", "shoes", "hats"}
    with pytest.raises(InputError, match="no phrase in common"):
        phrase_weights(["one", "other"], 2)
