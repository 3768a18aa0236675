"""Small worlds shared by tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from harness.data.dataset import Dataset
from harness.plan_parts import DatasetPlan, EvaluationPlan, TrainingPlan
from harness.runs import Run
from harness.systems import parse, settings
from harness.text.rows import TextTable
from models.core import Batch
from models.graph import Graph
from models.text import TextRows

USERS, ITEMS, WIDTH = 30, 20, 12


def random_pairs(seed: int = 0, users: int = USERS, items: int = ITEMS) -> np.ndarray:
    """About a fifth of all pairs, at least one a user and one an item, [E, 2]."""
    random = np.random.default_rng(seed)
    chosen = random.random((users, items)) < 0.2
    chosen[np.arange(users), np.arange(users) % items] = True
    return np.argwhere(chosen)


@pytest.fixture
def pairs() -> np.ndarray:
    return random_pairs()


@pytest.fixture
def graph(pairs: np.ndarray) -> Graph:
    user, item = torch.from_numpy(pairs.T.copy())
    return Graph(user, item, USERS, ITEMS)


@pytest.fixture
def text() -> TextRows:
    random = torch.Generator().manual_seed(3)
    rows = torch.randn(2, USERS + ITEMS, WIDTH, generator=random)
    return TextRows(rows[0], rows[1])


@pytest.fixture
def batch(pairs: np.ndarray) -> Batch:
    random = np.random.default_rng(1)
    user, positive = torch.from_numpy(pairs[random.permutation(len(pairs))[:16]].T.copy())
    return Batch(user, positive, torch.from_numpy(random.integers(ITEMS, size=16)))


def checkerboard(size: int = 40, seed: int = 0, known: int | None = None) -> Dataset:
    """Users like the items of their own parity: a dataset that knows its answer.

    Every user has train, validation and test pairs, all on its own colour; ``known`` limits the
    train pairs a user.
    """
    random = np.random.default_rng(seed)
    parts: dict[str, list[tuple[int, int]]] = {"train": [], "valid": [], "test": []}
    for user in range(size):
        own = random.permutation(np.arange(user % 2, size, 2))
        for split, items in zip(parts, np.split(own, [len(own) - 6, len(own) - 3]), strict=True):
            kept = items[:known] if split == "train" else items
            parts[split] += [(user, int(item)) for item in kept]
    arrays = {split: np.array(sorted(rows)) for split, rows in parts.items()}
    tokens = np.array([f"t{number}" for number in range(size)])
    return Dataset("checkerboard", tokens, tokens, **arrays)


def parity_text(dataset: Dataset, width: int = 8) -> TextTable:
    """Rows that tell the parity of a node, with a little noise."""
    random = np.random.default_rng(5)

    def rows(count: int) -> np.ndarray:
        made = random.normal(0, 0.1, (count, width)).astype(np.float32)
        made[np.arange(count), np.arange(count) % 2] += 1
        return made

    users, items = len(dataset.users), len(dataset.items)
    return TextTable(dataset.users, dataset.items, rows(users), rows(items), rows(users), rows(items))


def make_run(
    line: str, hyper: dict[str, object] | None = None, repetition: int = 0, **training: object
) -> Run:
    """A run of one system; quick unless told otherwise."""
    plan = TrainingPlan.model_validate({"batch_size": 128, "epochs": 2, "metric": "recall@5", **training})
    dataset = DatasetPlan.model_validate({"name": "checkerboard", "source": {"kind": "movielens"}})
    spec = parse(line)
    evaluation = EvaluationPlan.model_validate({"k": [3, 5], "show": ["recall@5"]})
    return Run(dataset, spec, settings(spec, hyper or {}), repetition, 7, plan, evaluation)


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the datasets of ../shared/data")
