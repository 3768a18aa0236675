"""The memory of a run: an estimate before it allocates any, and what it took."""

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
"""A process with Python, torch and RecBole, before it reads a dataset."""

PAIR_BYTES = 330
"""Memory for one train pair: in the graph while it is built, in batches and in matrices of the evaluation."""

FLOAT_BYTES, DOUBLE_BYTES = 4, 8
"""Of a number in float32, in which systems are trained, and in float64, in which classics are fitted."""

TEXT_COPIES = 4
"""Text rows that live at once while a classic is fitted, in float64: those of the table, and its own."""

NEIGHBOUR_BYTES = 50
"""A number that a classic keeps for a neighbour, with its column and the copies made on the way; measured."""

RECBOLE_TABLES, RECBOLE_SQUARES = 60, 6
"""Assumed of a model of RecBole: tables [N, D] while it is trained, or matrices [I, I] if it is fitted."""

RECBOLE_WIDTH = 64
"""The width D of a model of RecBole that has no hyper-parameter ``embedding_size``."""

MEMORY_GROWS_WITH = ("embedding_size", "layers", "neighbours")
"""The hyper-parameters on which :func:`needed_bytes` depends. It grows with each of them."""

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
"""The numbers by which glibc's ``mallopt`` knows its parameters."""


def keep_freed_memory() -> None:
    """Have glibc keep freed memory for the next tensor.

    By default glibc hands blocks of more than 32 MiB back to the system at once. Getting such memory again
    takes half of the time of a training step on graphs of 300,000 nodes. Other C libraries stay as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def peak_resident_bytes() -> int:
    """The peak of the resident memory of this process since it started."""
    status = Path("/proc/self/status")
    if status.exists():  # the number of getrusage also counts the parent before the fork
        kibibytes = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"))
        if kibibytes:
            return int(kibibytes[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class PeakMemory:
    """Measures the peak of the resident memory of this process within a block, every 20 ms."""

    def __enter__(self) -> PeakMemory:
        self._process, self._done = psutil.Process(), threading.Event()
        self.peak_bytes = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(0.02):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)


class Sizes(NamedTuple):
    """The sizes of a dataset. ``text_width`` is the width of its text rows, or 0 if it has no text."""

    users: int
    items: int
    pairs: int
    text_width: int

    @property
    def nodes(self) -> int:
        """The number of users and items."""
        return self.users + self.items


def needed_bytes(spec: SystemSpec, values: Mapping[str, Any], sizes: Sizes) -> int:
    """An estimate of the peak memory of training a system, from sizes alone.

    For each backbone and alignment the registry says how many [N, D] tables live at the same time, with the
    default number of layers (``Entry.tables``). Each further layer adds two. Text rows are counted three
    times: as profiles, as intents, and in the layers of the projection. Classics hold matrices [I, I]
    (``Entry.squares``), or lists of neighbours and no such matrix. They are fitted after the pairs have
    been read, and what reading took is free by then, so that the larger of the two counts. Of RecBole's
    models nothing is known, so that the same generous numbers are assumed for all of them.

    Args:
        spec: The system.
        values: Its hyper-parameters.
        sizes: The sizes of the dataset.
    """
    in_pairs = PAIR_BYTES * sizes.pairs
    base = PROCESS_BYTES + in_pairs
    if spec.is_external:
        return base
    if spec.is_recbole:
        return base + _recbole_bytes(spec, values, sizes)
    if spec.is_classic:
        text = TEXT_COPIES * sizes.nodes * sizes.text_width if spec.needs_text else 0
        doubles = CLASSICS[spec.backbone].squares * sizes.items**2 + text
        in_fit = DOUBLE_BYTES * doubles + NEIGHBOUR_BYTES * _kept_neighbours(spec, values, sizes)
        return PROCESS_BYTES + max(in_pairs, in_fit)
    tables = _tables(spec)
    if "layers" in values:
        tables += 2 * max(0, values["layers"] - spec.options()["layers"].default)
    rows = tables * values["embedding_size"] + 3 * sizes.text_width
    return base + int(FLOAT_BYTES * sizes.nodes * rows)


def shortage(spec: SystemSpec, sizes: Sizes, needed: int, free: int) -> str:
    """Says that a system needs more memory than is free, and names a smaller one if there is one.

    Args:
        spec: The system.
        sizes: The sizes of the dataset.
        needed: Its need in bytes.
        free: What is free, in bytes.
    """
    sentence = f"needs about {gibibytes(needed)} of memory; {gibibytes(free)} are free"
    if not spec.is_classic or not CLASSICS[spec.backbone].squares:
        return sentence
    return (
        f"{sentence}. It holds weights between all pairs of {sizes.items:,} items; RP3beta or ItemKNN serves "
        "instead, since their memory grows with the number of neighbours"
    )


def card_shortage(needed: int, free: int) -> str:
    """Says that a run needs more memory than is free on the GPU that would train it, and what to do.

    The estimate is that of main memory: what a process holds of itself takes about as much on a GPU.
    """
    return (
        f"needs about {gibibytes(needed)} of memory on the GPU; {gibibytes(free)} are free there. "
        "Let fewer --workers share it, or type CUDA_VISIBLE_DEVICES= before the command to do without"
    )


def _recbole_bytes(spec: SystemSpec, values: Mapping[str, Any], sizes: Sizes) -> int:
    """The memory of a model of RecBole beside its process and its pairs. RecBole says nothing of it."""
    if spec.is_fitted:
        return DOUBLE_BYTES * RECBOLE_SQUARES * sizes.items**2
    return FLOAT_BYTES * sizes.nodes * RECBOLE_TABLES * int(values.get("embedding_size", RECBOLE_WIDTH))


def _tables(spec: SystemSpec) -> float:
    """The number of [N, D] tables that a step of a system holds, with the default number of layers."""
    entries = [BACKBONES[spec.backbone], *([ALIGNMENTS[spec.alignment]] if spec.alignment else [])]
    said = [entry.tables for entry in entries if entry.tables is not None]
    if len(said) == len(entries):
        return sum(said)
    from harness.training.measured_memory import measured_tables  # torch, which estimates of ours do without

    return measured_tables(spec)


def _kept_neighbours(spec: SystemSpec, values: Mapping[str, Any], sizes: Sizes) -> int:
    """Largest possible number of entries in the neighbour lists of a classic; 0 if it keeps none."""
    side = CLASSICS[spec.backbone].neighbours_of
    if not side:
        return 0
    rows: int = getattr(sizes, side)
    return rows * min(int(values["neighbours"]), rows)


def gibibytes(count: float) -> str:
    """A number of bytes in GiB, such as ``1.5 GiB``."""
    return f"{count / 2**30:.1f} GiB"
