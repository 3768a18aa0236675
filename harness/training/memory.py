"""What a run would need, told before it allocates, and what it took."""

from __future__ import annotations

import ctypes
import re
import resource
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from harness.systems.spec import SystemSpec

PROCESS_BYTES = 600 << 20
"""Python with torch, RecBole and a dataset of any size."""

PAIR_BYTES = 330
"""The graph of a train pair while it is built, the batches and the matrices of the evaluation."""

FLOAT_BYTES, DOUBLE_BYTES = 4, 8
"""Of a number in float32, in which systems are trained, and in float64, in which classics are fitted."""

TEXT_COPIES = 4
"""Text rows that live at once while a classic is fitted, in float64: those of the table, and its own."""

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
"""Names of glibc's mallopt."""


def keep_freed_memory() -> None:
    """Have glibc keep freed memory for the next tensor.

    It hands blocks beyond 32 MiB back to the system at once, and fetching their pages anew takes half
    of a step's time on graphs of 300,000 nodes. Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def peak_resident_bytes() -> int:
    """Peak resident memory of this process since it started."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage's figure begins with the parent's
        kibibytes = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
        if kibibytes:
            return int(kibibytes[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class PeakMemory:
    """Peak resident memory of this process while the block runs, sampled every 20 ms."""

    def __enter__(self) -> PeakMemory:
        self._process, self._done = psutil.Process(), threading.Event()
        self.peak_bytes = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)


class Sizes(NamedTuple):
    """A dataset's sizes; ``text_width`` is 0 without text."""

    users: int
    items: int
    pairs: int
    text_width: int

    @property
    def nodes(self) -> int:
        """Users and items."""
        return self.users + self.items


def needed_bytes(spec: SystemSpec, values: Mapping[str, Any], sizes: Sizes) -> int:
    """Peak memory of training a system, an estimate from sizes alone.

    Rows of D numbers a node that live at once are counted for each backbone and alignment
    (``Entry.tables``, at the default number of layers), two more for each layer beyond; text rows are held
    once for profiles and once for intents, and as often again in the projection's layers. A classic holds
    matrices [I, I] instead (``Entry.squares``).
    """
    base = PROCESS_BYTES + PAIR_BYTES * sizes.pairs
    if spec.is_classic:
        text = TEXT_COPIES * sizes.nodes * sizes.text_width if spec.needs_text else 0
        return base + DOUBLE_BYTES * (CLASSICS[spec.backbone].squares * sizes.items**2 + text)
    tables = BACKBONES[spec.backbone].tables
    tables += ALIGNMENTS[spec.alignment].tables if spec.alignment else 0
    if "layers" in values:
        tables += 2 * max(0, values["layers"] - spec.options()["layers"].default)
    rows = tables * values["embedding_size"] + 3 * sizes.text_width
    return base + int(FLOAT_BYTES * sizes.nodes * rows)


def gibibytes(count: float) -> str:
    """A number of bytes for people."""
    return f"{count / 2**30:.1f} GiB"
