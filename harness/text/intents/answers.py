"""Reads a language model's answers: JSON of a form that is checked, with whatever stands around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

Output = Literal["profile", "intent"]

Status = Literal[
    "answered", "repaired", "refused", "empty", "too long", "unreadable", "unanswered", "no document"
]
"""What became of one profile or intent. The document stands in for it unless it was answered or repaired."""

FALLBACKS: tuple[Status, ...] = ("refused", "empty", "too long", "unreadable", "unanswered", "no document")

_REFUSAL = re.compile(r"^\W*(i['’]?m sorry|i am sorry|sorry,|i can(no|['’])t|i am unable|as an ai)", re.I)


def _phrases(value: Any) -> Any:
    """A list of phrases. Some models write the list as one text with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Phrases = Annotated[tuple[str, ...], BeforeValidator(_phrases)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    @property
    def text(self) -> str:
        """The part of the answer that is encoded."""
        raise NotImplementedError


class Profile(_Answer):
    """Who would enjoy an item, or what a user enjoys, and why."""

    reasoning: str = ""
    profile: str

    @property
    def text(self) -> str:
        """The profile without the reasoning."""
        return self.profile


class Intent(_Answer):
    """What is liked and what is disliked, and a sentence that says what is wanted."""

    likes: Phrases = ()
    dislikes: Phrases = ()
    intent: str

    @property
    def text(self) -> str:
        """The sentence without the lists."""
        return self.intent


ANSWERS: dict[Output, type[Profile] | type[Intent]] = {"profile": Profile, "intent": Intent}


class Outcome(NamedTuple):
    """A profile or an intent, or the reason why there is none."""

    status: Status
    answer: Profile | Intent | None = None


class Unreadable(Exception):
    """An answer does not hold the JSON that was asked for. The message says what is wrong with it."""


class Reply(NamedTuple):
    """An answer as the server gave it. ``finish`` is the server's reason to stop."""

    text: str
    finish: str = "stop"
    refusal: bool = False


def read(reply: Reply, output: Output, most_words: int) -> Outcome:
    """The profile or intent in a reply, or the reason why there is none.

    Args:
        reply: The reply.
        output: What was asked for.
        most_words: The answer's text may have so many words.

    Raises:
        Unreadable: The reply holds no JSON of the expected form.
    """
    if reply.refusal or reply.finish == "content_filter" or _REFUSAL.match(reply.text):
        return Outcome("refused")
    if not reply.text.strip():
        return Outcome("empty")
    answer = _parse(reply.text, ANSWERS[output])
    words = len(answer.text.split())
    if not any(letter.isalpha() for letter in answer.text):  # "..." is a common way to say nothing
        return Outcome("empty")
    return Outcome("too long") if words > most_words else Outcome("answered", answer)


@cache
def schema(output: Output) -> dict[str, Any]:
    """The JSON schema of an answer, in which every field is required and no other is allowed."""
    fields = ANSWERS[output].model_json_schema()["properties"]
    properties = {name: _bare(part) for name, part in fields.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name in ("type", "items")}


def _parse(text: str, form: type[Profile] | type[Intent]) -> Profile | Intent:
    """The first JSON object in ``text`` that has the expected form."""
    problem = "no JSON object"
    for candidate in _objects(text):
        try:
            return form.model_validate(candidate)
        except ValidationError as error:
            first = error.errors()[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise Unreadable(problem)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object that begins at a brace of ``text``."""
    decoder = json.JSONDecoder(strict=False)  # models write line breaks inside strings
    for brace in re.finditer(r"\{", text):
        try:
            value, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
