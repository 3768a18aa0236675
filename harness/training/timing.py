"""How long one training step takes, measured where a plan is estimated and where systems are compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from models.core import Batch
from models.optimiser import adam, descend

Step = Callable[[], Any]
"""One step of work that can be repeated."""


def repeatable(module: Any, batches: Iterator[Batch], fused: bool = False) -> Step:
    """A training step of a module that has ``losses``: losses, gradients, and Adam, on the next batch."""
    optimiser = adam(module, 1e-3, fused=fused)
    return lambda: descend(module.losses(next(batches)), optimiser)


def compare(steps: Sequence[Step], repeats: int, warm: int = 1, limit_s: float = float("inf")) -> list[float]:
    """Median seconds of each step. The steps take turns, so that all feel the same load of the machine.

    Args:
        steps: What is timed.
        repeats: Turns that are measured.
        warm: Turns before them that are not.
        limit_s: No turn begins after so many seconds, but one is always measured.
    """
    seconds: list[list[float]] = [[] for _ in steps]
    begun = time.perf_counter()
    for turn in range(warm + repeats):
        if turn > warm and time.perf_counter() - begun > limit_s:
            break
        for step, mine in zip(steps, seconds, strict=True):
            started = time.perf_counter()
            step()
            if turn >= warm:
                mine.append(time.perf_counter() - started)
    return [statistics.median(mine) for mine in seconds]
