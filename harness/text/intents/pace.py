"""When the next request may start: requests and tokens a minute, and a server's wish to wait."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """Spreads requests evenly; one queue for all that are in flight."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        """None is no limit."""
        self.request_s = 60 / requests_per_minute if requests_per_minute else 0.0
        self.token_s = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self.free = 0.0

    async def turn(self, tokens: float) -> None:
        """Wait until a request of so many tokens may start."""
        now = time.monotonic()
        start = max(now, self.free)
        self.free = start + max(self.request_s, tokens * self.token_s)
        if start > now:
            await asyncio.sleep(start - now)

    def pause(self, seconds_s: float) -> None:
        """Let nothing start for a while."""
        self.free = max(self.free, time.monotonic() + seconds_s)
