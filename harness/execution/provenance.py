"""What is kept beside a result: the specification, the machine, the sizes of the data."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from harness.data.dataset import SPLITS, Dataset
from harness.planning.tasks import Run, Search, Task
from harness.store.columns import DEGREE, USER
from harness.training.prepared_data import PreparedData

PACKAGES = ("torch", "numpy", "scipy", "pandas", "recbole")


def facts(data: PreparedData) -> dict[str, Any]:
    """What a report says of a dataset."""
    dataset = data.dataset
    assert isinstance(dataset, Dataset)
    return {
        "checksum": data.checksum,
        "users": len(dataset.users),
        "items": len(dataset.items),
        "pairs": {split: len(dataset.pairs(split)) for split in SPLITS},
        "notes": [*dataset.notes, *(data.table.notes if data.table else ())],
    }


def degrees(data: PreparedData) -> pd.DataFrame:
    """Train pairs of every user: ``user`` (token) and ``degree``."""
    dataset = data.dataset
    counts = np.bincount(dataset.train[:, 0], minlength=len(dataset.users))
    return pd.DataFrame({USER: dataset.users, DEGREE: counts})


def describe(run: Task) -> dict[str, Any]:
    """The specification of a run or search, and the machine it ran on beside it."""
    return {
        "system": run.name,
        "dataset": run.dataset.name,
        "dataset_plan": run.dataset.stored(),
        "family": run.dataset.family,
        "base_seed": run.base_seed,
        **_kind(run),
        "process": os.getpid(),
        "settings": run.settings,
        "training": run.training.model_dump(mode="json"),
        "evaluation": run.evaluation.model_dump(mode="json"),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "python": platform.python_version(),
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
            **{name: version(name) for name in PACKAGES},
        },
    }


def _kind(task: Task) -> dict[str, Any]:
    """What tells a run from a search."""
    if isinstance(task, Run):
        return {"kind": "run", "repetition": task.repetition}
    assert isinstance(task, Search)
    space = {name: domain.facts() for name, domain in task.space.items()}
    return {"kind": "search", "tuning": task.tuning.model_dump(mode="json"), "space": space}


def _commit() -> str | None:
    """The git commit of the code, or None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
