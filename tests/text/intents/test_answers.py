"""A model's words read tolerantly, and validated strictly."""

from __future__ import annotations

import json

import pytest

from harness.text.intents.answers import Intent, Outcome, Profile, Reply, Unreadable, read, schema

INTENT = {"likes": ["a warm tone"], "dislikes": [], "intent": "wants a warm tone"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(INTENT),
        f"```json\n{json.dumps(INTENT, indent=2)}\n```",
        f"Let me {{think}}. Here: {json.dumps(INTENT)} I hope that helps.",
        '{"note": "no intent here"} ' + json.dumps(INTENT),
        json.dumps({**INTENT, "attributes": ["tone"]}),
        json.dumps({**INTENT, "likes": "a warm tone"}),
        '{"likes": ["a warm tone"], "dislikes": [], "intent": " wants a warm tone\n "}',
    ],
)
def test_json_is_found_in_what_a_model_says(text: str) -> None:
    outcome = read(Reply(text), "intent", 50)
    assert outcome == Outcome("answered", Intent(likes=("a warm tone",), intent="wants a warm tone"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("They like it.", "no JSON object"),
        (json.dumps(INTENT)[:-9], "no JSON object"),
        ('{"likes": [], "dislikes": []}', "intent: Field required"),
        ('{"likes": [1], "intent": "x"}', "likes.0: Input should be a valid string"),
        ("{" * 5000, "no JSON object"),
        ('["intent"]', "no JSON object"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        read(Reply(text), "intent", 50)


@pytest.mark.parametrize(
    ("reply", "fate"),
    [
        (Reply("", refusal=True), "refused"),
        (Reply("{}", "content_filter"), "refused"),
        (Reply("I’m sorry, I can't do that."), "refused"),
        (Reply("I cannot say who would enjoy it."), "refused"),
        (Reply("  \n"), "empty"),
        (Reply('{"profile": "  "}'), "empty"),
        (Reply('{"profile": "..."}'), "empty"),
        (Reply('{"profile": "one two three four"}'), "too long"),
    ],
)
def test_no_answer_has_a_reason(reply: Reply, fate: str) -> None:
    assert read(reply, "profile", 3) == Outcome(fate)  # type: ignore[arg-type]


def test_the_text_is_the_profile_and_the_intent_sentence() -> None:
    assert Profile(profile="p", reasoning="r").text == "p"
    assert Intent(likes=("a",), intent="i").text == "i"


def test_schemas_require_every_field_and_no_other() -> None:
    assert schema("profile") == {
        "type": "object",
        "properties": {"reasoning": {"type": "string"}, "profile": {"type": "string"}},
        "required": ["reasoning", "profile"],
        "additionalProperties": False,
    }
    assert schema("intent")["properties"]["likes"] == {"type": "array", "items": {"type": "string"}}
