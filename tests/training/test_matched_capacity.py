"""Matched capacity: a backbone of the text system's size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.testing.conformance import make_run
from harness.testing.world import checkerboard, parity_text
from harness.training.matched_capacity import matched
from harness.training.prepared_data import prepared
from harness.training.run import train


@pytest.mark.parametrize("line", ["LightGCN", "DCCF", "SimGCL"])
@pytest.mark.parametrize("alignment", ["RLMRec-Con", "IRLLRec"])
def test_the_parameters_come_as_near_as_a_width_can(line: str, alignment: str) -> None:
    dataset, table = checkerboard(), parity_text(checkerboard(), width=32)
    with prepared(dataset, table) as data:
        own = train(make_run(f"{line}[capacity={alignment}]"), data).record
        text = train(make_run(f"{alignment}[{line}]"), data).record
        bare = train(make_run(line), data).record
    a_column = bare["parameters"] / 32
    assert abs(own["parameters"] - text["parameters"]) <= a_column / 2
    assert own["embedding_size"] == pytest.approx(text["parameters"] / a_column, abs=0.5)
    assert "embedding_size" not in bare


def test_the_width_starts_from_the_plans() -> None:
    dataset, table = checkerboard(), parity_text(checkerboard(), width=32)
    run = make_run("LightGCN[capacity=RLMRec-Con]", {"embedding_size": 8})
    wide = replace(run, settings={**run.settings, "embedding_size": 16})
    with prepared(dataset, table) as data:
        narrow, wider = (matched(each, data).settings["embedding_size"] for each in (run, wide))
    assert 8 < narrow < wider
