"""What can go wrong with one request, and what to do about it."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from harness.errors import InputError
from harness.text.connection import load_openai

LONGEST_WAIT_S = 60.0

HOPELESS = (401, 403, 404)
"""No request can succeed."""

WORTH_ANOTHER_TRY = (408, 409, 425, 429)
"""Beside everything from 500 on."""


class Malformed(Exception):
    """The server's answer is not of the protocol; the message says how."""


class Trouble(NamedTuple):
    """A request that brought no reply.

    Attributes:
        name: What tallies call it.
        again: Whether another try may help.
        may_cost: Whether the server may have charged for it.
        wait_s: How long the server asks to wait, or None.
    """

    name: str
    again: bool = True
    may_cost: bool = True
    wait_s: float | None = None


def trouble_of(error: Exception, place: str) -> Trouble:
    """What an exception of the client means.

    Raises:
        InputError: No request to this server can succeed.
    """
    openai = load_openai()
    if isinstance(error, asyncio.TimeoutError | TimeoutError | openai.APITimeoutError):
        return Trouble("time-out")
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, place)
    if isinstance(error, openai.APIConnectionError):
        return Trouble("connection lost")
    if isinstance(error, Malformed | ValueError | openai.APIError):  # a body cut short is a ValueError
        return Trouble("malformed answer")
    raise error


def _of_status(error: Any, place: str) -> Trouble:
    """By status alone: a server's own words may repeat the key."""
    status = int(error.status_code)
    if status in HOPELESS:
        hint = "expected a valid key" if status in (401, 403) else "expected its base_url and a model it has"
        raise InputError(f"{place} answers {status} ({error.code or 'no code'}); {hint}")
    again = status >= 500 or status in WORTH_ANOTHER_TRY
    return Trouble(f"status {status}", again, False, _wait(error.response.headers.get("retry-after")))


def _wait(header: str | None) -> float | None:
    try:
        return min(float(header), LONGEST_WAIT_S) if header else None
    except ValueError:
        return None  # a date; our own back-off will do
