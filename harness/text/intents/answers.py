"""Reads a language model's answers: JSON of a form that is checked, with whatever stands around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from harness.logs import CONTROL
from harness.text.intents.refusals import is_refusal

Output = Literal["profile", "intent", "entries"]

Status = Literal[
    "answered",
    "repaired",
    "refused",
    "empty",
    "too long",
    "cut off by answer_tokens",
    "unreadable",
    "unanswered",
    "no document",
]
"""What became of one profile or intent. The document stands in for it unless it was answered or repaired."""

ANSWERED: tuple[Status, ...] = ("answered", "repaired")

FALLBACKS: tuple[Status, ...] = tuple(status for status in get_args(Status) if status not in ANSWERED)

LONGEST_ANSWER = 20_000
"""Characters of an answer, without thoughts, in which JSON is looked for."""

MOST_BRACES = 200
"""So many braces of an answer are tried as the beginning of JSON."""

THOUGHTS = re.compile(r"[<\[](/?)\s*(?:think|thinking|thought)\s*[>\]]", re.IGNORECASE)
"""The tags around a model's thoughts."""

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
"""Sequences of characters that steer a terminal."""

UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of languages that put no spaces between words. About two of them are a word."""


def _clean(value: Any) -> Any:
    """A text without characters that steer a terminal; anything else as it is."""
    return CONTROL.sub(" ", ANSI.sub("", value)) if isinstance(value, str) else value


def _clean_or_empty(value: Any) -> Any:
    return "" if value is None else _clean(value)


def _phrases(value: Any) -> Any:
    """A list of phrases. Some models write null for an empty list, or one text with commas."""
    if isinstance(value, str):
        return [part.strip() for part in re.split("[,，、;；]", value) if part.strip()]
    if isinstance(value, list):
        return [part for part in value if part is not None]
    return () if value is None else value


Text = Annotated[str, BeforeValidator(_clean)]
Phrases = Annotated[tuple[Text, ...], BeforeValidator(_phrases)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    @property
    def text(self) -> str:
        """The part of the answer that is encoded."""
        raise NotImplementedError


class Profile(_Answer):
    """Who would enjoy an item, or what a user enjoys, and why."""

    reasoning: Annotated[str, BeforeValidator(_clean_or_empty)] = ""
    profile: Text

    @property
    def text(self) -> str:
        """The profile without the reasoning."""
        return self.profile


class Intent(_Answer):
    """What is liked and what is disliked, and a sentence that says what is wanted."""

    likes: Phrases = ()
    dislikes: Phrases = ()
    intent: Text

    @property
    def text(self) -> str:
        """The sentence without the lists."""
        return self.intent


class Entries(_Answer):
    """Titles or ids that a model was asked to name; see :mod:`harness.text.intents.probe`."""

    entries: Phrases = ()

    @property
    def text(self) -> str:
        """All of them, one after the other."""
        return ", ".join(self.entries)


Answer = Profile | Intent | Entries

ANSWERS: dict[Output, type[Answer]] = {"profile": Profile, "intent": Intent, "entries": Entries}


class Outcome(NamedTuple):
    """A profile or an intent, or the reason why there is none."""

    status: Status
    answer: Answer | None = None


class Unreadable(Exception):
    """An answer does not hold the JSON that was asked for.

    Attributes:
        status: The status if there is no second answer.
    """

    def __init__(self, problem: str, status: Status = "unreadable") -> None:
        super().__init__(problem)
        self.status = status


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
        most_words: The most words of the answer's text.

    Raises:
        Unreadable: The reply holds no JSON of the expected form.
    """
    text = without_thoughts(reply.text).strip()
    if reply.refusal or reply.finish == "content_filter" or is_refusal(text):
        return Outcome("refused")
    if not text:
        return Outcome("cut off by answer_tokens" if reply.finish == "length" else "empty")
    try:
        answer = _parse(text[:LONGEST_ANSWER], ANSWERS[output])
    except Unreadable as error:
        if reply.finish == "length":
            raise Unreadable("the answer was cut off", "cut off by answer_tokens") from error
        raise
    if is_refusal(answer.text):
        return Outcome("refused")
    says_something = str.isalnum if output == "entries" else str.isalpha  # an id may be a number
    if not any(map(says_something, answer.text)):  # "..." is a common way to say nothing
        return Outcome("empty")
    return Outcome("too long") if count_words(answer.text) > most_words else Outcome("answered", answer)


def without_thoughts(text: str) -> str:
    """The text without a model's thoughts, also if only their end is marked, or only their beginning."""
    kept: list[str] = []
    position, thinking = 0, False
    for tag in THOUGHTS.finditer(text):
        if not thinking:
            kept.append(text[position : tag.start()])
        is_end = bool(tag[1])
        if is_end and not thinking:  # what stood before were thoughts, whose beginning is not marked
            kept.clear()
        position, thinking = tag.end(), not is_end
    return "".join(kept) if thinking else "".join(kept) + text[position:]


def count_words(text: str) -> int:
    """The number of words; two letters of a language without spaces between words count as one."""
    return len(UNSPACED.sub(" ", text).split()) + len(UNSPACED.findall(text)) // 2


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


def _parse(text: str, form: type[Answer]) -> Answer:
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
    """Every JSON object that begins at a brace of ``text``; first those without a mistake."""
    decoder = json.JSONDecoder(strict=False)  # models write line breaks inside strings
    without_trailing_commas = re.sub(r",(\s*[}\]])", r"\1", text)
    for version in dict.fromkeys((text, without_trailing_commas)):
        for _, brace in zip(range(MOST_BRACES), re.finditer(r"\{", version), strict=False):
            try:
                value, _ = decoder.raw_decode(version, brace.start())
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield value
