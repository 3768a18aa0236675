"""The pace of requests: evenly spread, and paused when the server asks for it."""

from __future__ import annotations

import asyncio
import time

import pytest

from harness.text.intents.pace import Pace


async def starts(pace: Pace, requests: int, tokens: float = 0.0) -> list[float]:
    """When each of so many requests starts, in seconds from now."""
    began, started = time.monotonic(), []

    async def request() -> None:
        await pace.turn(tokens)
        started.append(time.monotonic() - began)

    await asyncio.gather(*(request() for _ in range(requests)))
    return started


@pytest.mark.parametrize(
    ("limits", "tokens"), [((1200, None), 0.0), ((None, 60_000), 50.0), ((1200, 6_000_000), 50.0)]
)
def test_the_stricter_limit_spreads_requests_evenly(
    limits: tuple[float | None, float | None], tokens: float
) -> None:
    async def run() -> list[float]:
        return await starts(Pace(*limits), 9, tokens)

    assert all(start >= 0.05 * place for place, start in enumerate(asyncio.run(run())))


def test_without_limits_nothing_waits() -> None:
    async def run() -> list[float]:
        return await starts(Pace(None, None), 1000, 1e9)

    assert max(asyncio.run(run())) < 1


def test_a_pause_holds_back_requests_that_already_wait_and_spreads_them_afterwards() -> None:
    async def run() -> list[float]:
        pace = Pace(1200, None)
        asyncio.get_running_loop().call_later(0.07, pace.pause, 0.4)
        return await starts(pace, 6)

    started = asyncio.run(run())
    assert started[1] < 0.4
    assert all(start >= 0.47 + 0.05 * place for place, start in enumerate(started[2:]))


def test_an_idle_time_is_not_made_up_for_by_a_burst() -> None:
    async def run() -> list[float]:
        pace = Pace(1200, None)
        await pace.turn(0)
        await asyncio.sleep(0.3)
        return await starts(pace, 3)

    assert asyncio.run(run())[2] >= 0.1
