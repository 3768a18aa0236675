"""RecBole models that any system can be run as; all other code for RecBole is in ``harness.recbole_host``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from recbole.model.abstract_recommender import GeneralRecommender
from recbole.utils import InputType, ModelType
from torch import Tensor, nn

from models.core import Batch, System
from models.graph import Graph
from models.products import product

Scorer = Callable[[np.ndarray], Tensor]
"""Takes positions [B] in a chosen order of users and returns scores [B, I] in a chosen order of items."""

LARGEST = 1e8
"""A weighted term has diverged if its absolute value is not below this."""


class Diverged(Exception):
    """The value of a loss term is too large or not a number. ``term`` is its name."""

    def __init__(self, term: str, value: float) -> None:
        """``value`` is that of the term."""
        super().__init__(f"the term {term!r} is {value}")
        self.term = term


class HostedModel(GeneralRecommender):
    """The base of both kinds of RecBole model.

    RecBole's id 0 is padding and no node. The number of a node is its id minus 1.
    """

    input_type = InputType.PAIRWISE

    def __init__(self, config: Any, dataset: Any) -> None:
        """RecBole's signature; ``dataset`` holds the train pairs."""
        super().__init__(config, dataset)
        fields = (self.USER_ID, self.ITEM_ID)
        tokens = (np.asarray(dataset.field2id_token[name][1:], dtype=str) for name in fields)
        self.user_tokens, self.item_tokens = tokens

    def train_pairs(self, dataset: Any) -> tuple[Tensor, Tensor]:
        """The users [E] and the items [E] of a RecBole dataset's train pairs, as node numbers."""
        pairs = dataset.inter_feat
        return pairs[self.USER_ID].long() - 1, pairs[self.ITEM_ID].long() - 1

    def scorer(self, users: np.ndarray, items: np.ndarray) -> Scorer:
        """A function that scores, for the order of users and items in these RecBole ids."""
        raise NotImplementedError

    def predict(self, interaction: Any) -> Tensor:
        """RecBole's method: the scores [B] of pairs of a user and an item."""
        user, item = interaction[self.USER_ID].cpu(), interaction[self.ITEM_ID].cpu()
        scores = self.scorer(user.numpy(), np.arange(1, self.n_items))(np.arange(len(user)))
        return scores[torch.arange(len(user)), item - 1]

    def full_sort_predict(self, interaction: Any) -> Tensor:
        """RecBole's method: the scores of all items, [B * (I + 1)]; padding is the first item."""
        user = interaction[self.USER_ID].cpu().numpy()
        scores = self.scorer(user, np.arange(1, self.n_items))(np.arange(len(user)))
        return nn.functional.pad(scores, (1, 0), value=-torch.inf).flatten()


class HostedRecommender(HostedModel):
    """A backbone with an alignment, as a RecBole model that is trained."""

    def __init__(self, config: Any, dataset: Any) -> None:
        """RecBole's signature; ``dataset`` holds the train pairs."""
        super().__init__(config, dataset)
        user, item = self.train_pairs(dataset)
        graph = Graph(user, item, self.n_users - 1, self.n_items - 1)
        self.system = self.assemble(config, dataset, graph)
        self._rows: tuple[Tensor, Tensor] | None = None

    def assemble(self, config: Any, dataset: Any, graph: Graph) -> System:
        """Make the system; implemented by the subclass."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> HostedRecommender:
        """Switch training on or off, and forget the rows that were kept for scoring."""
        self._rows = None
        super().train(mode)
        return self

    def losses(self, interaction: Any) -> dict[str, Tensor]:
        """Every weighted term of a batch by name.

        Raises:
            Diverged: The value of a term is too large or not a number.
        """
        fields = (self.USER_ID, self.ITEM_ID, self.NEG_ITEM_ID)
        losses = self.system.losses(Batch(*(interaction[name] - 1 for name in fields)))
        values = torch.stack([loss.detach() for loss in losses.values()])
        if not bool((values.abs() < LARGEST).all()):  # false for NaN as well
            bad = int((~(values.abs() < LARGEST)).nonzero()[0])
            raise Diverged(list(losses)[bad], float(values[bad]))
        return losses

    def calculate_loss(self, interaction: Any) -> tuple[Tensor, ...]:
        """RecBole's method: the weighted terms, whose sum is the loss."""
        return tuple(self.losses(interaction).values())

    def scorer(self, users: np.ndarray, items: np.ndarray) -> Scorer:
        """Scores from one encoding, which is kept until training starts again."""
        if self._rows is None:
            self._rows = self.system.embeddings()
        user_rows, item_rows = self._rows
        user_rows, item_rows = user_rows[users - 1], item_rows[items - 1]
        return lambda block: product(user_rows[block], item_rows)


class HostedClassic(HostedModel):
    """A classic, as a RecBole model that is fitted when it is made and is not trained."""

    type = ModelType.TRADITIONAL

    def __init__(self, config: Any, dataset: Any) -> None:
        """RecBole's signature; ``dataset`` holds the train pairs."""
        super().__init__(config, dataset)
        user, item = (side.numpy() for side in self.train_pairs(dataset))
        shape = (self.n_users - 1, self.n_items - 1)
        ones = np.ones(len(user), dtype=np.float32)
        self.scores, self.learned = self.fit(config, dataset, sp.csr_matrix((ones, (user, item)), shape))
        self.unused = nn.Parameter(torch.zeros(1))  # RecBole's optimiser needs a parameter

    def fit(self, config: Any, dataset: Any, train: sp.csr_matrix) -> tuple[Callable[..., np.ndarray], int]:
        """The fitted scores and the number of learned values; implemented by the subclass."""
        raise NotImplementedError

    def calculate_loss(self, interaction: Any) -> Tensor:
        """RecBole's method: a loss of 0, since nothing is trained."""
        return self.unused.sum() * 0.0

    def scorer(self, users: np.ndarray, items: np.ndarray) -> Scorer:
        """The fitted scores as float32, in the order of ``users`` and ``items``."""
        columns = items - 1
        return lambda block: torch.from_numpy(self.scores(users[block] - 1)[:, columns]).float()
