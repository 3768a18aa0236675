"""What a language model is asked for, as validated JSON, read tolerantly from what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

Output = Literal["profile", "intent"]

Fate = Literal[
    "answered", "repaired", "refused", "empty", "too long", "unreadable", "unanswered", "no document"
]
"""What became of one output of one node; all but the first two fall back to the document."""

FALLBACKS: tuple[Fate, ...] = ("refused", "empty", "too long", "unreadable", "unanswered", "no document")

_REFUSAL = re.compile(r"^\W*(i['’]?m sorry|i am sorry|sorry,|i can(no|['’])t|i am unable|as an ai)", re.I)


def _phrases(value: Any) -> Any:
    """A list of phrases, also where a model wrote them as one text with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Phrases = Annotated[tuple[str, ...], BeforeValidator(_phrases)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    @property
    def text(self) -> str:
        """The part that becomes the node's text."""
        raise NotImplementedError


class Profile(_Answer):
    """Who would enjoy an item, or what a person enjoys, and why."""

    reasoning: str = ""
    profile: str

    @property
    def text(self) -> str:
        """The profile without its reasoning."""
        return self.profile


class Intent(_Answer):
    """What is liked and disliked, and the sentence that says what is wanted."""

    likes: Phrases = ()
    dislikes: Phrases = ()
    intent: str

    @property
    def text(self) -> str:
        """The intent sentence."""
        return self.intent


ANSWERS: dict[Output, type[Profile] | type[Intent]] = {"profile": Profile, "intent": Intent}


class Outcome(NamedTuple):
    """What became of one output: its answer, or why there is none."""

    fate: Fate
    answer: Profile | Intent | None = None


class Unreadable(Exception):
    """A model's words hold no such JSON; the message says what is wrong with them."""


class Reply(NamedTuple):
    """A model's words as the server gave them; ``finish`` is its reason to stop."""

    text: str
    finish: str = "stop"
    refusal: bool = False


def read(reply: Reply, output: Output, most_words: int) -> Outcome:
    """The outcome of a reply.

    Raises:
        Unreadable: It holds no JSON of the expected form.
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
    """The JSON schema of an output, every field required and no other allowed."""
    found = ANSWERS[output].model_json_schema()
    properties = {name: _bare(part) for name, part in found["properties"].items()}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name in ("type", "items")}


def _parse(text: str, form: type[Profile] | type[Intent]) -> Profile | Intent:
    """The first JSON object in ``text`` that has the expected form, whatever stands around it."""
    wrong = "no JSON object"
    for found in _objects(text):
        try:
            return form.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            wrong = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise Unreadable(wrong)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object that begins at a brace of ``text``."""
    decoder = json.JSONDecoder(strict=False)  # models write line breaks inside strings
    for brace in re.finditer(r"\{", text):
        try:
            found, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found
