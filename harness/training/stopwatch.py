"""The time that a piece of work takes, on the clock and on the processor."""

from __future__ import annotations

import time


class Stopwatch:
    """Measures from its creation on.

    Seconds on the processor are those of all threads of this process. They hardly depend on what else the
    machine does, so they compare the costs of systems better than seconds on the clock. Work on a GPU does
    not count.
    """

    def __init__(self, before_s: float = 0.0, before_cpu_s: float = 0.0) -> None:
        """Begin to measure.

        Args:
            before_s: Seconds on the clock that were spent on the same work before.
            before_cpu_s: Seconds on the processor that were spent on it before.
        """
        self._clock = time.perf_counter() - before_s
        self._processor = time.process_time() - before_cpu_s

    @property
    def seconds_s(self) -> float:
        """Seconds on the clock so far."""
        return time.perf_counter() - self._clock

    @property
    def cpu_s(self) -> float:
        """Seconds on the processor so far."""
        return time.process_time() - self._processor
