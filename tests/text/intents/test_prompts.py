"""Prompts: filled, versioned by content, checked when read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.text.intents import prompts
from harness.text.intents.answers import Reply
from harness.text.intents.prompts import FOLDER, Prompts


def filled(version: str = "v1", language: str = "English", words: int = 60) -> Prompts:
    return Prompts(prompts.load(version), "model", language, words)


@pytest.mark.parametrize("side", ["user", "item"])
@pytest.mark.parametrize("output", ["profile", "intent"])
def test_every_place_is_filled_and_dollars_in_documents_stay(side: str, output: str) -> None:
    ask = filled(language="German").request(side, output, "costs $words less, {braces}")  # type: ignore[arg-type]
    system, user = ask.messages
    assert "in German" in system["content"]
    assert "at most 60 words" in user["content"]
    assert user["content"].endswith("costs $words less, {braces}")
    assert prompts.FORMS[ask.output] in user["content"]


def test_a_repair_shows_what_was_said_and_what_was_wrong() -> None:
    ask = filled().request("item", "intent", "a thing")
    again = filled().repair(ask, Reply("It is nice."), "no JSON object")
    assert again.messages[:2] == ask.messages
    assert again.messages[2] == {"role": "assistant", "content": "It is nice."}
    assert "no JSON object" in again.messages[3]["content"]
    assert again.key not in (ask.key, filled().repair(ask, Reply("Other."), "no JSON object").key)


def test_an_edited_prompt_is_another_version(tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(FOLDER / "v1", copy)
    assert (
        filled(str(copy)).request("item", "profile", "d").key == filled().request("item", "profile", "d").key
    )
    prompts.load.cache_clear()
    file = copy / "item_profile.yaml"
    file.write_text(file.read_text().replace("who would enjoy", "who enjoys"))
    assert (
        filled(str(copy)).request("item", "profile", "d").key != filled().request("item", "profile", "d").key
    )
    assert filled(str(copy)).request("item", "intent", "d").key == filled().request("item", "intent", "d").key


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("- a list", "expected the keys"),
        ("user: cost $5", "a \\$ that begins no placeholder"),
        ("user: $name", "a \\$ that begins no placeholder"),
        ("user: [", "the prompt cannot be read"),
    ],
)
def test_a_broken_prompt_is_named(text: str, hint: str, tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(FOLDER / "v1", copy)
    (copy / "user_intent.yaml").write_text(text)
    with pytest.raises(InputError, match=hint):
        prompts.load(str(copy))


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(
        InputError, match=r"there is no such prompt; expected `prompts` to be v1, or a folder"
    ):
        prompts.load("v0")
