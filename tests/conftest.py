"""Fixtures that every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from harness.report.plots import style
from harness.testing.world import ITEMS, USERS, WIDTH, checkerboard, parity_text, random_pairs
from harness.training.prepared_data import PreparedData, prepared
from models.core import Batch
from models.graph import Graph
from models.text import TextRows


@pytest.fixture(autouse=True, scope="session")
def figures_are_drawn_here() -> Iterator[None]:
    """Tests share the cores already: no report starts processes for its figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "MANY", 1000)
        yield


@pytest.fixture(scope="module")
def board() -> Iterator[PreparedData]:
    """A small dataset whose users of one colour like the items of that colour, with text."""
    dataset = checkerboard()
    with prepared(dataset, parity_text(dataset)) as made:
        yield made


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
