"""A small plan of its own, its runs, and lists that fit its split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.metrics import METRICS
from harness.external.request import Request
from harness.planning.plan import load_plan
from harness.store.store import Store
from harness.training.elsewhere import request_of
from harness.training.loading import load_dataset
from tests.cli.tiny_plan import write_plan

CUTOFFS = [1, 3, 10]


def small_plan(folder: Path, systems: list[Any], **more: Any) -> Path:
    """A plan over 30 users and 40 items, with every metric."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(7)
    chosen = random.random((30, 40)) < np.linspace(0.15, 0.6, 40)
    rows = [f"u{user},i{item}" for user, item in np.argwhere(chosen)]
    (folder / "log.csv").write_text("\n".join(["user,item", *rows]) + "\n")
    evaluation = {"metrics": list(METRICS), "k": CUTOFFS, "show": ["recall@10"], "item_strata": True}
    evaluation |= more.pop("evaluation", {})
    training = {"epochs": 2, "eval_every": 1, "batch_size": 64, "metric": "recall@10"}
    source = {"kind": "table", "path": "log.csv"}
    training |= more.pop("training", {})
    more = {"training": training, **more, "systems": systems, "evaluation": evaluation}
    return write_plan(folder, source, **more)


def request_of_plan(plan: Path) -> Request:
    """What the first dataset of a plan asks for."""
    loaded = load_plan(plan)
    return request_of(loaded, load_dataset(loaded.variants[0], loaded.seed))


def some_lists(request: Request, depth: int = 12, seed: int = 0) -> pd.DataFrame:
    """Random lists that have everything that is asked for: ``user``, ``item``, ``score`` and ``split``."""
    random, dataset = np.random.default_rng(seed), request.dataset
    rows = []
    for user in request.users:
        hidden = request.hidden[user].indices
        candidates = np.setdiff1d(np.arange(len(dataset.items)), hidden)
        listed = random.permutation(candidates)[:depth]
        scores = -np.sort(-random.random(len(listed)))
        rows += [
            (dataset.users[user], dataset.items[item], score)
            for item, score in zip(listed, scores, strict=True)
        ]
    return pd.DataFrame(rows, columns=["user", "item", "score"]).assign(split=request.split)


def outcomes(store: Path) -> dict[tuple[str, int], tuple[pd.DataFrame, dict[str, float]]]:
    """Per-user scores and measures of all lists together, by system and repetition."""
    opened = Store(store)
    return {
        (record.system, record.repetition): (
            pd.read_parquet(opened.folder(identity) / "users.parquet"),
            record.overall,
        )
        for identity, record in opened.runs().items()
    }
