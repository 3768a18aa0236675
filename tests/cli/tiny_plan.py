"""A plan of a second or two over any source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml


def write_plan(folder: Path, source: dict[str, Any], **more: Any) -> Path:
    """A tiny plan over one source."""
    plan = {
        "name": "tiny",
        "repetitions": 1,
        "datasets": [{"name": "d", "source": source, **more.pop("dataset", {})}],
        "systems": ["MostPop", "LightGCN"],
        "training": {"epochs": 1, "eval_every": 1, "metric": "recall@2"},
        "evaluation": {"metrics": ["recall", "ndcg"], "k": [2], "show": ["recall@2"]},
        **more,
    }
    path = folder / "plan.yaml"
    text = json.dumps(plan, default=str)
    path.write_text(yaml.safe_dump(json.loads(text)))
    return path
