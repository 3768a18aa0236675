"""Reading the dataset and the text rows that a plan asks for."""

from __future__ import annotations

import logging
from pathlib import Path

from harness.data.dataset import Dataset
from harness.data.prepare import prepare
from harness.planning.datasets import DatasetVariant
from harness.planning.identity import seed_of
from harness.text.rows import TextTable
from harness.text.tables import text_table

logger = logging.getLogger(__name__)


def load_dataset(plan: DatasetVariant, seed: int) -> Dataset:
    """Read and check the dataset that a plan asks for.

    Args:
        plan: The dataset as the plan describes it.
        seed: The plan's seed.

    Raises:
        InputError: The dataset cannot be read, or a check fails.
    """
    split_seed = seed_of(seed, plan.seed_name, None, "split")
    merged = plan.duplicate_items == "merged"
    dataset = prepare(plan.name, plan.source, plan.split, split_seed, plan.density, merged)
    pairs = (len(dataset.train), len(dataset.valid), len(dataset.test))
    logger.info(
        "The dataset %s was read. It has %d train, %d validation and %d test pairs.", plan.name, *pairs
    )
    return dataset


def load(plan: DatasetVariant, seed: int, cache: Path | None) -> tuple[Dataset, TextTable | None]:
    """Read and check the dataset that a plan asks for, and its text rows.

    Args:
        plan: The dataset as the plan describes it.
        seed: The plan's seed.
        cache: The folder that keeps encoded texts. None keeps them nowhere.

    Returns:
        The dataset, and its text rows or None if it has no text.

    Raises:
        InputError: The dataset or a text cannot be read, or a check fails.
    """
    dataset = load_dataset(plan, seed)
    return dataset, text_table(plan.text, dataset, cache) if plan.has_text else None
