"""A dataset that is ready for training, with everything that is computed from the dataset alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from harness.data.dataset import Dataset, TuningView, digest
from harness.evaluation.drawn_users import drawn_users, only_rows
from harness.evaluation.strata import ITEM_STRATA, item_strata
from harness.planning.tasks import Run
from harness.recbole_host import config as recbole
from harness.store.temporary import temporary_folder
from harness.text.rows import TextTable
from harness.training.memory import Sizes
from models.graph import Graph
from models.text import TextRows


@dataclass
class PreparedData:
    """A dataset that is ready for training. Its matrices and RecBole's files are made once, when needed.

    Attributes:
        dataset: The pairs; for a search without the test pairs.
        table: The text rows of users and items. None if the dataset has no text.
        folder: A temporary folder for RecBole's files.
    """

    dataset: TuningView
    table: TextTable | None
    folder: Path

    @cached_property
    def matrices(self) -> dict[str, Any]:
        """The splits by name, and ``known``, the pairs that no list may show: binary matrices [U, I]."""
        splits = {split: self.dataset.matrix(split) for split in self.dataset.splits}
        return splits | {"known": self.dataset.known() if len(self.dataset.thinned) else splits["train"]}

    def relevant(self, split: str, run: Run) -> Any:
        """The pairs of one split that the lists of a run are judged by, [U, I].

        If the plan tests some users alone, they are the pairs of the users drawn for it. Validation and test
        draw in the same order, each from the users who have pairs there.
        """
        matrix, count = self.matrices[split], run.evaluation.users
        users = np.flatnonzero(np.diff(matrix.indptr))
        if count is None or len(users) <= count:
            return matrix
        seed = run.dataset.users_seed(run.base_seed)
        return only_rows(matrix, drawn_users(users, self.dataset.users, count, seed))

    def validation(self, run: Run) -> dict[str, Any]:
        """``matrices``, with the validation pairs that a run is validated by."""
        return self.matrices | {"valid": self.relevant("valid", run)}

    @cached_property
    def atomic(self) -> Path:
        """The folder of RecBole's atomic files, which hold the train pairs only."""
        data = self.dataset
        recbole.write_atomic_files(self.folder, data.train, len(data.users), len(data.items))
        return self.folder

    @property
    def item_strata(self) -> dict[str, np.ndarray]:
        """Which items are in the tail, the middle and the head by their train pairs, bool [I] each."""
        strata = item_strata(np.bincount(self.dataset.train[:, 1], minlength=len(self.dataset.items)))
        return {label: strata == number for number, label in enumerate(ITEM_STRATA)}

    @property
    def sizes(self) -> Sizes:
        """The numbers of users, items and train pairs, and the width of the text rows."""
        width = self.table.user_profile.shape[1] if self.table else 0
        return Sizes(len(self.dataset.users), len(self.dataset.items), len(self.dataset.train), width)

    def graph(self) -> Graph:
        """The train pairs as a graph whose nodes are in the dataset's order."""
        user, item = torch.from_numpy(self.dataset.train.T.copy())
        return Graph(user, item, len(self.dataset.users), len(self.dataset.items))

    def text(self) -> TextRows | None:
        """The text rows [N, T] of every node in the dataset's order. None if the dataset has no text.

        Raises:
            InputError: A token has no row.
        """
        return self.table.rows(self.dataset.users, self.dataset.items) if self.table else None

    @property
    def checksum(self) -> str:
        """A hash of the dataset and of what its text rows are made from."""
        assert isinstance(self.dataset, Dataset)
        return digest([self.dataset.checksum.encode(), (self.table.recipe if self.table else "").encode()])

    def with_validation(self) -> PreparedData:
        """The same dataset with the validation pairs among the train pairs too."""
        dataset = self.dataset
        pairs = np.concatenate([dataset.train, dataset.valid])
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        return PreparedData(replace(dataset, train=pairs[order]), self.table, self.folder / "refit")

    def for_tuning(self) -> PreparedData:
        """The same dataset without its test pairs. No reference leads from it to what holds them."""
        assert isinstance(self.dataset, Dataset)
        return PreparedData(self.dataset.tuning_view(), self.table, self.folder)


@contextmanager
def prepared(dataset: Dataset, table: TextTable | None) -> Iterator[PreparedData]:
    """Prepare a dataset for training. Its temporary folder is removed when the block ends."""
    with temporary_folder() as folder:
        yield PreparedData(dataset, table, folder)
