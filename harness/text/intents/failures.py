"""Tells what went wrong with one try of a request, and whether another try may help."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from harness.errors import InputError
from harness.text.connection import load_openai

LONGEST_WAIT_S = 60.0

HOPELESS = (401, 403, 404)
"""After these statuses no request can succeed."""

WORTH_ANOTHER_TRY = (408, 409, 425, 429)
"""After these statuses, and after those from 500 on, another try may succeed."""


class Malformed(Exception):
    """The server's answer does not follow the protocol. The message says how."""


class FailedTry(NamedTuple):
    """A try of a request that brought no reply.

    Attributes:
        name: What the tally calls it.
        again: Whether another try may help.
        may_cost: Whether the server may have charged for it.
        wait_s: How long the server asks to wait, or None.
    """

    name: str
    again: bool = True
    may_cost: bool = True
    wait_s: float | None = None


def failed_try(error: Exception, url: str) -> FailedTry:
    """What an exception of the client means for a request to ``url``.

    Raises:
        InputError: No request to this server can succeed.
    """
    openai = load_openai()
    if isinstance(error, asyncio.TimeoutError | TimeoutError | openai.APITimeoutError):
        return FailedTry("time-out")
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, url)
    if isinstance(error, openai.APIConnectionError):
        return FailedTry("connection lost")
    if isinstance(error, Malformed | ValueError | openai.APIError):  # a body cut short is a ValueError
        return FailedTry("malformed answer")
    raise error


def _of_status(error: Any, url: str) -> FailedTry:
    """What a status means. The server's own words are not told, since they may repeat the key."""
    status = int(error.status_code)
    if status in HOPELESS:
        hint = "expected a valid key" if status in (401, 403) else "expected its base_url and a model it has"
        raise InputError(f"{url} answers {status} ({error.code or 'no code'}); {hint}")
    again = status >= 500 or status in WORTH_ANOTHER_TRY
    return FailedTry(f"status {status}", again, False, _wait(error.response.headers.get("retry-after")))


def _wait(header: str | None) -> float | None:
    try:
        return min(float(header), LONGEST_WAIT_S) if header else None
    except ValueError:
        return None  # a date
