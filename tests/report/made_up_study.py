"""A study with made-up scores, as large as wanted: for the size and the speed of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.planning.plan import Plan
from harness.planning.tasks import Run
from harness.store.store import Store
from tests.worlds import fill

CLASSICS = ("MostPop", "ItemKNN", "UserKNN", "P3alpha", "RP3beta", "EASE^R")
BACKBONES = ("MF", "LightGCN", "SGL", "SimGCL", "XSimGCL", "LightCCF", "DCCF", "BIGCF")
ALIGNMENTS = ("RLMRec-Con", "RLMRec-Gen", "ProMax", "IRLLRec")
ALIGNED = [
    f"{alignment}[{backbone}]"
    for alignment in ALIGNMENTS
    for backbone in ("LightGCN", "SGL", "SimGCL", "DCCF")
]
LINES = (*CLASSICS, *BACKBONES, *ALIGNED)


def made_up_study(
    folder: Path, datasets: int = 5, systems: int = 30, users: int = 500, **more: object
) -> tuple[Plan, Store]:
    """A plan with three metrics, and a store in which later systems are a little better than earlier ones."""
    profiles = {side: {"path": f"{side}.jsonl", "id": "id"} for side in ("users", "items")}
    sources = [
        {"name": f"d{n}", "source": {"kind": "matrices", "folder": f"d{n}", "profiles": profiles}}
        for n in range(datasets)
    ]
    evaluation = {
        "metrics": ["recall", "ndcg", "mrr"],
        "k": [10, 20],
        "show": ["recall@20", "ndcg@20", "mrr@20"],
    }
    chosen = LINES[-systems:]
    named = {
        "name": "made-up",
        "repetitions": 2,
        "datasets": sources,
        "systems": chosen,
        "evaluation": evaluation,
    }
    plan = Plan.model_validate({**named, "strata": {}, **more})
    random = np.random.default_rng(0)
    level = {line: 0.2 + 0.05 * place / len(chosen) for place, line in enumerate(chosen)}

    def score(run: Run) -> float:
        return level[run.system.base] - 0.02 * bool(run.system.text) + float(random.normal(0, 0.002))

    return plan, fill(plan, folder, score, users)
