"""Decides when the next request may start, from limits per minute and a server's wish to wait."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """Spreads the starts of requests evenly. All requests in flight share one; it serves one event loop."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        """None means that there is no limit."""
        self._request_s = 60 / requests_per_minute if requests_per_minute else 0.0
        self._token_s = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._next_start = 0.0
        self._queue = asyncio.Lock()

    async def turn(self, tokens: float) -> None:
        """Wait until a request of so many tokens may start; requests start in the order in which they ask."""
        async with self._queue:
            asked = time.monotonic()
            while (wait_s := self._next_start - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            self._next_start = max(self._next_start, asked) + max(self._request_s, tokens * self._token_s)

    def pause(self, seconds_s: float) -> None:
        """Let no request start for so many seconds, not even one that has waited for its turn."""
        self._next_start = max(self._next_start, time.monotonic() + seconds_s)
