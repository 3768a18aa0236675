"""Reads the body of a chat completion; whatever is not of the protocol is a malformed answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.text.intents.answers import Reply
from harness.text.intents.budget import Tokens
from harness.text.server import MALFORMED, FailedTry

FINISH_REASONS = ("stop", "length", "content_filter")
"""The reasons to stop that make a difference. Any other is kept as ``other``."""

MOST_TOKENS = 1_000_000
"""A server that counts more tokens than this for one request is not believed."""

LONGEST_REPLY = 100_000
"""Characters of a reply that are kept, from its end, since thoughts stand at its beginning."""

LONGEST_SECRET = 1_000
"""Characters that are searched for secrets before those that are kept, in case one is cut in two."""


class _Body(BaseModel):
    model_config = ConfigDict(strict=True)


class _Part(_Body):
    text: str = ""


class _Message(_Body):
    content: str | list[_Part] | None = None
    refusal: str | None = None

    @property
    def text(self) -> str:
        """The content, also if it is a list of parts; else the refusal."""
        content = (
            self.content
            if isinstance(self.content, str)
            else "".join(part.text for part in self.content or ())
        )
        return content or self.refusal or ""


class _Choice(_Body):
    message: _Message
    finish_reason: Any = None


class _Completion(_Body):
    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None


def read_completion(body: Any, redact: Callable[[str], str], bound: Tokens) -> tuple[Reply, Tokens]:
    """The reply in a body, and the tokens that it used.

    Args:
        body: The parsed JSON.
        redact: Strikes secrets out of a text.
        bound: The most tokens that the request and its answer can have; they count where the server gives
            no sensible number.

    Raises:
        FailedTry: The body is not a chat completion.
    """
    try:
        completion = _Completion.model_validate(body)
    except ValidationError:
        raise FailedTry(MALFORMED) from None
    choice = completion.choices[0]
    text = choice.message.text[-LONGEST_REPLY - LONGEST_SECRET :]
    text = text.encode(errors="replace").decode()  # half of a surrogate pair cannot be written
    finish = choice.finish_reason if choice.finish_reason in FINISH_REASONS else "other"
    reply = Reply(redact(text)[-LONGEST_REPLY:], finish, bool(choice.message.refusal))
    usage = completion.usage if isinstance(completion.usage, dict) else {}
    used = Tokens(
        _tokens(usage.get("prompt_tokens"), bound.input),
        _tokens(usage.get("completion_tokens"), bound.output),
    )
    return reply, used


def _tokens(counted: Any, bound: float) -> int:
    """A server's count of tokens; the bound if it is missing, no number, negative or absurd."""
    is_number = isinstance(counted, int | float) and not isinstance(counted, bool)
    return math.ceil(counted if is_number and 0 <= counted <= MOST_TOKENS else bound)
