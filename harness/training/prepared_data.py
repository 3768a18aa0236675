"""A dataset ready for training, and what follows from it alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from harness.data.dataset import Dataset, TuningView, digest
from harness.evaluation.strata import ITEM_STRATA, item_strata
from harness.recbole_host import config as recbole
from harness.store.temporary import temporary_folder
from harness.text.rows import TextTable
from harness.training.memory import Sizes
from models.graph import Graph
from models.text import TextRows


@dataclass
class PreparedData:
    """A dataset ready for training: its matrices, text rows and RecBole files, made once."""

    dataset: TuningView
    table: TextTable | None
    folder: Path

    @cached_property
    def matrices(self) -> dict[str, Any]:
        """Each split as a binary matrix [U, I], and ``known``, the pairs that no list may show."""
        found = {split: self.dataset.matrix(split) for split in self.dataset.splits}
        return found | {"known": self.dataset.known() if len(self.dataset.thinned) else found["train"]}

    @cached_property
    def atomic(self) -> Path:
        """The folder of RecBole atomic files, holding the train pairs only."""
        data = self.dataset
        pairs = pd.DataFrame({"u": data.users[data.train[:, 0]], "i": data.items[data.train[:, 1]]})
        recbole.write_atomic_files(self.folder, pairs, data.users, data.items)
        return self.folder

    @property
    def item_strata(self) -> dict[str, np.ndarray]:
        """Which items are tail, middle and head by train interactions, bool [I] each."""
        places = item_strata(np.bincount(self.dataset.train[:, 1], minlength=len(self.dataset.items)))
        return {label: places == place for place, label in enumerate(ITEM_STRATA)}

    @property
    def sizes(self) -> Sizes:
        """Counts of users, items and train pairs, and the width of the text rows."""
        width = self.table.user_profile.shape[1] if self.table else 0
        return Sizes(len(self.dataset.users), len(self.dataset.items), len(self.dataset.train), width)

    def graph(self) -> Graph:
        """The train pairs as a graph whose nodes are in the dataset's order."""
        user, item = torch.from_numpy(self.dataset.train.T.copy())
        return Graph(user, item, len(self.dataset.users), len(self.dataset.items))

    def text(self) -> TextRows | None:
        """The rows [N, T] of every node in the dataset's order; None without a table.

        Raises:
            InputError: A token has no row.
        """
        return self.table.rows(self.dataset.users, self.dataset.items) if self.table else None

    @property
    def checksum(self) -> str:
        """Of the dataset, and of what its text rows are made from."""
        assert isinstance(self.dataset, Dataset)
        return digest([self.dataset.checksum.encode(), (self.table.recipe if self.table else "").encode()])

    def for_tuning(self) -> PreparedData:
        """The same without test pairs: nothing that holds them can be reached from it."""
        assert isinstance(self.dataset, Dataset)
        return PreparedData(self.dataset.tuning_view(), self.table, self.folder)


@contextmanager
def material(dataset: Dataset, table: TextTable | None) -> Iterator[PreparedData]:
    """A dataset's material in a folder that goes when it is no longer needed."""
    with temporary_folder() as folder:
        yield PreparedData(dataset, table, folder)
