"""Small datasets, runs and stores that tests share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from harness import outside
from harness.cli.main import app
from harness.evaluation.strata import ITEM_STRATA
from harness.planning.plan import Plan
from harness.planning.runs import expand
from harness.planning.tasks import Run
from harness.store.record import RunRecord, SearchRecord
from harness.store.store import Store
from harness.systems.line import parse
from harness.systems.registry import BACKBONES


def fill(plan: Plan, folder: Path, score: Callable[[Run], float], users: int, degrees: bool = True) -> Store:
    """A store with every run of a plan: a user's level, the run's score, a little noise that has no mean.

    Alignments have losses too; of the item strata, where the plan has them, 50 users have no tail.
    """
    store, random = Store(folder), np.random.default_rng(0)
    named = pd.DataFrame({"user": [f"u{number}" for number in range(users)]})
    level = random.normal(0, 0.1, users)
    facts = {"checksum": "c", "users": users, "items": 9, "pairs": {"train": 1, "valid": 1, "test": 1}}
    noted = named.assign(degree=random.integers(1, 50, users)) if degrees else None
    for dataset in plan.variants:
        store.notes.write(dataset.key(plan.seed), facts, noted)
    for run in (each for each in expand(plan) if isinstance(each, Run)):
        noise = random.normal(0, 0.01, users)
        scores = score(run) + level + noise - noise.mean()
        made = {f"{name}@{k}": scores for name in plan.evaluation.metrics for k in plan.evaluation.k}
        if plan.evaluation.item_strata:
            made |= {f"recall@20|{label}": scores / 2 for label in ITEM_STRATA}
            made["recall@20|tail"] = np.where(np.arange(users) < 50, np.nan, scores / 2)
        store.put(run.identity("c"), made_record(run), named.assign(**made))
    return store


def run_record(**fields: Any) -> RunRecord:
    """The record of a finished run of LightGCN on the dataset d, but for the ``fields`` given."""
    named = {"system": "LightGCN", "dataset": "d", "family": "d", "repetition": 0, "status": "finished"}
    measured = {"overall": {}, "seconds_s": 1.0, "peak_bytes": 1, "parameters": 1}
    return RunRecord.model_validate({**named, **measured, **fields})


def search_record(**fields: Any) -> SearchRecord:
    """The record of a finished search for LightGCN on the dataset d, but for the ``fields`` given."""
    named = {"system": "LightGCN", "dataset": "d", "family": "d", "status": "finished"}
    measured = {"best": {}, "valid": 0.5, "budget": 1, "trials": {}, "epochs": 1, "seconds_s": 1.0}
    return SearchRecord.model_validate({**named, **measured, **fields})


def made_record(run: Run) -> RunRecord:
    """What a finished run might have recorded."""
    named = {"system": run.name, "dataset": run.dataset.name, "family": run.dataset.family}
    fields = {**named, "repetition": run.repetition, "seconds_s": 1.0 + run.repetition}
    if not run.system.alignment:
        return run_record(**fields)
    terms, epochs = {"bpr": 0.6, "profile": 0.3, "l2": 0.1}, range(2 + run.repetition)
    losses = {term: [share / (epoch + 1) for epoch in epochs] for term, share in terms.items()}
    return run_record(**fields, losses=losses, best_epoch=2)


def intentbench(*words: object) -> Result:
    """The command with these words. It does its runs in this process, unless the words say otherwise."""
    alone = ["--workers", "1"] if "run" in words[:1] and "--workers" not in words else []
    return CliRunner().invoke(app, [*map(str, words), *alone])


ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

SHARED = ROOT.parent / "shared" / "data"

needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the datasets of ../shared/data")


@contextmanager
def outside_folder(folder: Path, module: str, source: str, plan: str) -> Iterator[Path]:
    """A folder with a module of somebody else and a plan that names it; the module is forgotten at the end."""
    (folder / f"{module}.py").write_text(source)
    (folder / "plan.yaml").write_text(plan)
    before = list(sys.path)
    try:
        yield folder
    finally:
        sys.path[:] = before
        sys.modules.pop(module, None)
        for cached in (outside.load, outside.announced, parse):
            cached.cache_clear()
        BACKBONES._outside.clear()


def run_and_report(folder: Path) -> Path:
    """The folder of the report of a folder's plan, whose runs are done first."""
    plan, store, out = folder / "plan.yaml", folder / "store", folder / "out"
    for words in (("run", plan, "--store", store),
                  ("report", plan, "--store", store, "--out", out, "--no-figures")):  # fmt: skip
        done = intentbench(*words)
        assert done.exit_code == 0, done.output
    return out
