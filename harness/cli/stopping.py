"""What Ctrl-C and SIGTERM do to a command that trains."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from harness.cli.terminal import complain

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_after_epoch() -> Iterator[Callable[[], bool]]:
    """Within the block, the first SIGINT or SIGTERM asks for a stop, and the second SIGINT ends everything.

    Yields:
        Whether a stop was asked for. The epoch under way is then finished and its state is saved.

    Raises:
        KeyboardInterrupt: A second SIGINT came. The workers of this process are killed.
    """
    received: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if not received:
            complain("The program stops when this epoch has ended. Press Ctrl-C again to stop at once.")
        received.append(number)
        signal.signal(signal.SIGINT, end_at_once)

    earlier = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def end_at_once(number: int, frame: FrameType | None) -> None:
    """Kill the workers, which would finish their epoch first, and leave.

    Raises:
        KeyboardInterrupt: Always.
    """
    for worker in multiprocessing.active_children():
        worker.kill()
    raise KeyboardInterrupt
