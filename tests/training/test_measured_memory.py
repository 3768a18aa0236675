"""The memory of a system whose author does not say it is measured on a small graph."""

from __future__ import annotations

import pytest
import torch

from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.training.measured_memory import ASSUMED, MARGIN, LiveBytes, measured_tables


def test_live_bytes_are_those_that_live_at_one_time() -> None:
    with LiveBytes() as live:
        one = torch.ones(1000)
        two = one + 1
        del one
        three = two.view(10, 100) + 1
        del two, three
        torch.ones(100)
    assert live.peak_bytes == 8000


@pytest.mark.parametrize(
    "line", ["MF", "LightGCN", "SGL", "DCCF", "BIGCF", "AlphaRec", "RLMRec-Con[LightGCN]"]
)
def test_measured_tables_are_near_those_that_were_measured_at_size(line: str) -> None:
    """What the registry says of ours was measured on large graphs, as the peak memory of the process."""
    spec = parse(line)
    said = (BACKBONES[spec.backbone].tables or 0) + (
        ALIGNMENTS[spec.alignment].tables or 0 if spec.alignment else 0
    )
    assert 0.6 * said < measured_tables(spec) < 1.6 * said


def test_what_cannot_take_a_step_is_assumed_to_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr("harness.training.measured_memory.assemble", broken)
    assert measured_tables.__wrapped__(parse("LightGCN")) == ASSUMED
    assert MARGIN > 1
