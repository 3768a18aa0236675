"""Where runs execute: here, one after the other, each stored as soon as it ends."""

from __future__ import annotations

import platform
import subprocess
import traceback
from collections.abc import Callable
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch

from harness import InputError
from harness.data.dataset import SPLITS, Dataset
from harness.data.prepare import prepare
from harness.plan import DatasetPlan, Plan, Run, Skipped, dataset_key, expand, has_text, seed_of
from harness.store import Store
from harness.text.encoders import text_table
from harness.text.rows import TextTable
from harness.training import Material, Progress, RunFailed, material, train

PACKAGES = ("torch", "numpy", "scipy", "pandas", "recbole")


class Watcher(Protocol):
    """Told what happens, so that somebody can show it."""

    def known(self, run: Run) -> None:
        """A run is stored already."""

    def started(self, run: Run) -> Progress:
        """A run begins; returns what to tell of its epochs."""

    def ended(self, run: Run, record: dict[str, Any]) -> None:
        """A run was stored."""


def load(plan: DatasetPlan, seed: int, cache: Path | None) -> tuple[Dataset, TextTable | None]:
    """The dataset and text rows a plan asks for, checked."""
    split_seed = seed_of(seed, plan.name, None, "split")
    dataset = prepare(plan.name, plan.source, plan.split, split_seed)
    return dataset, text_table(plan.text, dataset, cache) if has_text(plan) else None


def execute(
    plan: Plan, store: Store, watcher: Watcher, only: Callable[[Run], bool] = lambda run: True
) -> None:
    """Run what the store lacks.

    Every dataset is read and checked before anything trains. A failed run is stored with its
    reason and the others go on.
    """
    runs = [run for run in expand(plan) if not isinstance(run, Skipped) and only(run)]
    loaded = {each.name: load(each, plan.seed, store.root / "text") for each in plan.datasets}
    for entry in plan.datasets:
        with material(*loaded[entry.name]) as data:
            store.note_dataset(dataset_key(plan, entry), facts(data))
            for run in (run for run in runs if run.dataset is entry):
                identity = run.identity(data.checksum)
                if identity in store:
                    watcher.known(run)
                else:
                    _execute_one(run, data, store, watcher, identity)


def _execute_one(run: Run, data: Material, store: Store, watcher: Watcher, identity: str) -> None:
    record = describe(run)
    users = None
    try:
        outcome = train(run, data, watcher.started(run))
        users = outcome.users
        record |= {"status": "finished", **outcome.record}
    except Exception as error:  # whatever ends one run, the others go on and the table shows it
        expected = isinstance(error, RunFailed | InputError)
        reason = str(error).split("\n")[0]
        record |= {"status": "failed", "reason": reason if expected else f"{type(error).__name__}: {reason}"}
        record["traceback"] = traceback.format_exc()
    store.put(identity, record, users)
    watcher.ended(run, record)


def facts(data: Material) -> dict[str, Any]:
    """What a report says of a dataset."""
    dataset = data.dataset
    return {
        "checksum": data.checksum,
        "users": len(dataset.users),
        "items": len(dataset.items),
        "pairs": {split: len(dataset.pairs(split)) for split in SPLITS},
        "notes": [*dataset.notes, *(data.table.notes if data.table else ())],
    }


def describe(run: Run) -> dict[str, Any]:
    """The run's specification, and the machine it ran on beside it."""
    return {
        "system": run.system.name,
        "dataset": run.dataset.name,
        "repetition": run.repetition,
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


def _commit() -> str | None:
    """The git commit of the code, or None outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
