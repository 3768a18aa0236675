"""The memory estimate of classics beside the measured peak of whole runs, each in a process of its own."""

from __future__ import annotations

import pytest

from harness.bench.steps import in_process
from harness.systems.registry import CLASSICS

BY_PAIRS = ([5_000, 5_000, 100_000], [20_000, 15_000, 400_000], [50_000, 40_000, 800_000])
BY_SQUARES = ([4_000, 2_000, 40_000], [8_000, 4_000, 100_000], [8_000, 6_000, 150_000])
"""Users, items and train pairs of classics that hold lists or rows, and of those that hold matrices [I, I]."""

WIDTH = 128
"""Columns of the text rows, for classics that read text."""


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 1, 2])
@pytest.mark.parametrize("line", sorted(CLASSICS))
def test_the_memory_estimate_of_a_classic_is_near_the_measured_peak(line: str, size: int) -> None:
    entry = CLASSICS[line]
    sizes = (BY_SQUARES if entry.squares else BY_PAIRS)[size]
    width = WIDTH if entry.needs_text else 0
    measured = in_process("run", line, {}, [*sizes, width], 2_000)
    assert 1 / 1.5 < measured["needed_bytes"] / measured["peak_bytes"] < 1.5


def test_a_whole_run_is_measured() -> None:
    measured = in_process("run", "MostPop", {}, [60, 40, 400, 0], 100)
    assert 1 << 27 < measured["peak_bytes"] < 1 << 32
    assert measured["seconds"] > 0
