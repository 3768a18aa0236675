"""What is stored beside results: of a task its specification and the machine, of a dataset its sizes."""

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
from models.products import fastest_precision

PACKAGES = ("torch", "numpy", "scipy", "pandas", "recbole")
"""The packages whose versions are stored with every result."""


def dataset_description(data: PreparedData) -> dict[str, Any]:
    """The checksum and the sizes of a dataset, and notes for readers of reports."""
    dataset = data.dataset
    assert isinstance(dataset, Dataset)
    return {
        "checksum": data.checksum,
        "users": len(dataset.users),
        "items": len(dataset.items),
        "pairs": {split: len(dataset.pairs(split)) for split in SPLITS},
        "notes": [*dataset.notes, *(data.table.notes if data.table else ())],
    }


def user_degrees(data: PreparedData) -> pd.DataFrame:
    """The number of train pairs of every user. Columns: ``USER`` (the token) and ``DEGREE``."""
    dataset = data.dataset
    degrees = np.bincount(dataset.train[:, 0], minlength=len(dataset.users))
    return pd.DataFrame({USER: dataset.users, DEGREE: degrees})


def task_fields(task: Task) -> dict[str, Any]:
    """The fields of a task's record that are known before it is done: its specification and the machine."""
    return {
        "system": task.name,
        "dataset": task.dataset.name,
        "dataset_plan": task.dataset.stored(),
        "family": task.dataset.family,
        "base_seed": task.base_seed,
        **_kind_fields(task),
        "process": os.getpid(),
        "settings": task.settings,
        "training": task.training.model_dump(mode="json"),
        "evaluation": task.evaluation.model_dump(mode="json"),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": _machine() | _chosen_products(task),
    }


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        **{name: version(name) for name in PACKAGES},
    }


def _chosen_products(task: Task) -> dict[str, str]:
    """The precision that ``products: auto`` stands for on this machine; empty for other tasks."""
    if task.settings.get("products") != "auto":
        return {}
    return {"products": str(fastest_precision()).removeprefix("torch.")}


def _kind_fields(task: Task) -> dict[str, Any]:
    """The fields that only runs, or only searches, have."""
    if isinstance(task, Run):
        sources = {"sources": task.system.sources} if task.system.sources else {}
        return {"kind": "run", "repetition": task.repetition, **sources}
    assert isinstance(task, Search)
    space = {name: domain.facts() for name, domain in task.space.items()}
    return {"kind": "search", "tuning": task.tuning.model_dump(mode="json"), "space": space}


def _commit() -> str | None:
    """The git commit of the code. None if the code is not in a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
