"""Real data against published figures; needs the datasets."""

from __future__ import annotations

import pytest

from harness.planning.plan import load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run
from harness.training.loading import load
from harness.training.prepared_data import prepared
from harness.training.run import train
from tests.worlds import ROOT, needs_data

PLAN = ROOT / "harness" / "plans" / "amazon-book.yaml"


def first_recall(system: str) -> float:
    """Test Recall@20 of the first repetition in the amazon-book plan."""
    plan = load_plan(PLAN)
    run = next(run for run in expand(plan) if isinstance(run, Run) and run.system.name == system)
    with prepared(*load(plan.variants[0], plan.seed, None)) as data:
        return float(train(run, data).users["recall@20"].mean())


@needs_data
def test_item_knn_on_amazon_book() -> None:
    assert first_recall("ItemKNN") >= 0.170


@needs_data
def test_most_pop_on_amazon_book() -> None:
    assert first_recall("MostPop") == pytest.approx(0.0318, abs=5e-4)


@needs_data
@pytest.mark.slow
def test_lightgcn_on_amazon_book() -> None:
    assert first_recall("LightGCN") >= 0.138
