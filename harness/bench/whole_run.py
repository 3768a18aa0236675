"""A whole run on a drawn graph, from train pairs to test lists: its seconds and the memory of the process."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from harness.bench.world import SEED, drawn_world
from harness.data.dataset import Dataset
from harness.planning.datasets import DatasetVariant
from harness.planning.parts import EvaluationPlan, TrainingPlan
from harness.planning.tasks import Run
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.text.rows import TextTable
from harness.training.memory import Sizes, keep_freed_memory, needed_bytes, peak_resident_bytes
from harness.training.prepared_data import prepared
from harness.training.run import train


def whole_run(
    line: str, chosen: dict[str, Any], sizes: list[int], held_out: int, epochs: int = 1
) -> dict[str, float]:
    """Train and test a system on a drawn graph, in this process.

    Args:
        line: The system.
        chosen: Hyper-parameters that differ from the defaults.
        sizes: Users, items, train pairs and columns of random text rows (0 for none).
        held_out: Number of validation pairs, and of test pairs.
        epochs: Epochs, each with a validation; a classic has none.

    Returns:
        ``seconds``, ``peak_bytes`` of this process, and ``needed_bytes``, the estimate.
    """
    keep_freed_memory()
    torch.set_num_threads(1)
    run = run_of(line, chosen, epochs)
    users, items, pairs, width = sizes
    dataset = drawn_dataset(users, items, pairs, held_out)
    with prepared(dataset, random_rows(dataset, width)) as data:
        outcome = train(run, data)
    needed = needed_bytes(run.system, run.settings, Sizes(users, items, pairs, width))
    seconds = float(outcome.record["seconds_s"])
    return {"seconds": seconds, "peak_bytes": peak_resident_bytes(), "needed_bytes": needed}


def run_of(line: str, chosen: dict[str, Any], epochs: int) -> Run:
    """A run of a system with a plan's defaults, but for the epochs and a validation after each."""
    spec = parse(line)
    return Run(
        dataset=DatasetVariant.model_validate({"family": "drawn", "source": {"kind": "movielens"}}),
        system=spec,
        settings=settings(spec, chosen),
        repetition=0,
        base_seed=SEED,
        training=TrainingPlan(epochs=epochs, eval_every=1),
        evaluation=EvaluationPlan(),
    )


def drawn_dataset(users: int, items: int, pairs: int, held_out: int) -> Dataset:
    """A drawn graph as a dataset."""
    world = drawn_world("drawn", users, items, pairs, held_out)
    user_ids, item_ids = (
        np.array([f"{side}{number}" for number in range(count)])
        for side, count in (("u", users), ("i", items))
    )
    return Dataset("drawn", user_ids, item_ids, world.train, world.valid, world.test)


def random_rows(dataset: Dataset, width: int) -> TextTable | None:
    """Random text rows of a dataset; None if they have no columns."""
    if not width:
        return None
    random = np.random.default_rng(SEED)
    users, items = (
        random.standard_normal((len(tokens), width), dtype=np.float32)
        for tokens in (dataset.users, dataset.items)
    )
    return TextTable(dataset.users, dataset.items, users, items, users, items)
