"""What somebody who trains elsewhere is asked for: whom to rank, what to leave out, how many items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from harness.data.dataset import Dataset
from harness.evaluation.drawn_users import drawn_users


@dataclass(frozen=True)
class Request:
    """The lists that a dataset and an evaluation ask for.

    Attributes:
        dataset: The dataset, with its test pairs.
        hides_valid: Whether lists must not hold validation pairs either.
        depth: The number of items in a list, which is the largest k.
        most_users: The number of users to draw, if not all are tested.
        users_seed: Seed of that draw.
    """

    dataset: Dataset
    hides_valid: bool
    depth: int
    most_users: int | None = None
    users_seed: int = 0

    @cached_property
    def users(self) -> np.ndarray:
        """Positions of the users to rank: those who have a test pair, or those who were drawn from them."""
        users = np.unique(self.dataset.test[:, 0])
        if self.most_users is None:
            return users
        return drawn_users(users, self.dataset.users, self.most_users, self.users_seed)

    @property
    def whom(self) -> str:
        """Who is ranked, as the end of ``every user who ...``."""
        return "has a test pair" if self.most_users is None else "is in users.parquet"

    @cached_property
    def hidden(self) -> sp.csr_matrix:
        """Pairs that no list may hold, [U, I]: train pairs, thinned pairs, and validation pairs if hidden."""
        known = self.dataset.known()
        return known + self.dataset.matrix("valid") if self.hides_valid else known

    @cached_property
    def needed(self) -> np.ndarray:
        """The number of items that the list of each user needs at least, [U]: ``depth``, or all there are."""
        candidates = self.hidden.shape[1] - np.diff(self.hidden.indptr)
        needed: np.ndarray = np.minimum(self.depth, candidates)
        return needed

    @property
    def split(self) -> str:
        """The checksum of the split, which files may carry to say which split they belong to."""
        return self.dataset.split_checksum
