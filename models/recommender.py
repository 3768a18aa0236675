"""The RecBole models that host any system; all other code of RecBole's is in ``harness.recbole_*``."""

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
"""Positions [B] in the chosen user order to scores [B, I] in the chosen item order."""


EXPLODED = 1e8
"""A weighted term beyond this has exploded."""


class Diverged(Exception):
    """A loss term exploded or is not a number; ``term`` names it."""

    def __init__(self, term: str, value: float) -> None:
        """``value`` is what the term came to."""
        super().__init__(f"the term {term!r} is {value}")
        self.term = term


class HostedModel(GeneralRecommender):
    """What both kinds of hosted model share.

    RecBole's id 0 is padding: node numbers here are ids minus one, and padding is no node.
    """

    input_type = InputType.PAIRWISE

    def __init__(self, config: Any, dataset: Any) -> None:
        """RecBole's signature; ``dataset`` holds the train pairs."""
        super().__init__(config, dataset)
        fields = (self.USER_ID, self.ITEM_ID)
        tokens = (np.asarray(dataset.field2id_token[name][1:], dtype=str) for name in fields)
        self.user_tokens, self.item_tokens = tokens

    def train_pairs(self, dataset: Any) -> tuple[Tensor, Tensor]:
        """The train pairs of a RecBole dataset as node numbers: users [E], items [E]."""
        pairs = dataset.inter_feat
        return pairs[self.USER_ID].long() - 1, pairs[self.ITEM_ID].long() - 1

    def scorer(self, users: np.ndarray, items: np.ndarray) -> Scorer:
        """Scores in the order of the RecBole ids ``users`` [B] and ``items`` [I]."""
        raise NotImplementedError

    def predict(self, interaction: Any) -> Tensor:
        """RecBole's contract: scores [B] of user-item pairs."""
        user, item = interaction[self.USER_ID].cpu(), interaction[self.ITEM_ID].cpu()
        scores = self.scorer(user.numpy(), np.arange(1, self.n_items))(np.arange(len(user)))
        return scores[torch.arange(len(user)), item - 1]

    def full_sort_predict(self, interaction: Any) -> Tensor:
        """RecBole's contract: scores [B * (I + 1)], padding first."""
        user = interaction[self.USER_ID].cpu().numpy()
        scores = self.scorer(user, np.arange(1, self.n_items))(np.arange(len(user)))
        return nn.functional.pad(scores, (1, 0), value=-torch.inf).flatten()


class HostedRecommender(HostedModel):
    """A backbone with an alignment as a RecBole general recommender, trained on pairs."""

    def __init__(self, config: Any, dataset: Any) -> None:
        """RecBole's signature; ``dataset`` holds the train pairs."""
        super().__init__(config, dataset)
        user, item = self.train_pairs(dataset)
        graph = Graph(user, item, self.n_users - 1, self.n_items - 1)
        self.system = self.assemble(config, dataset, graph)
        self._rows: tuple[Tensor, Tensor] | None = None

    def assemble(self, config: Any, dataset: Any, graph: Graph) -> System:
        """The system to host; given by the subclass."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> HostedRecommender:
        """Forget the rows kept for scoring whenever training starts or stops."""
        self._rows = None
        super().train(mode)
        return self

    def losses(self, interaction: Any) -> dict[str, Tensor]:
        """Every weighted term of one batch by name.

        Raises:
            Diverged: A term exploded or is not a number.
        """
        fields = (self.USER_ID, self.ITEM_ID, self.NEG_ITEM_ID)
        losses = self.system.losses(Batch(*(interaction[name] - 1 for name in fields)))
        values = torch.stack([loss.detach() for loss in losses.values()])
        if not bool((values.abs() < EXPLODED).all()):  # false for NaN as well
            bad = int((~(values.abs() < EXPLODED)).nonzero()[0])
            raise Diverged(list(losses)[bad], float(values[bad]))
        return losses

    def calculate_loss(self, interaction: Any) -> tuple[Tensor, ...]:
        """RecBole's contract: the loss by part."""
        return tuple(self.losses(interaction).values())

    def scorer(self, users: np.ndarray, items: np.ndarray) -> Scorer:
        """Scores from one clean pass; kept until training starts again."""
        if self._rows is None:
            self._rows = self.system.embeddings()
        user_rows, item_rows = self._rows
        user_rows, item_rows = user_rows[users - 1], item_rows[items - 1]
        return lambda block: product(user_rows[block], item_rows)


class HostedClassic(HostedModel):
    """A closed-form baseline as a RecBole model: fitted when made, nothing to train."""

    type = ModelType.TRADITIONAL

    def __init__(self, config: Any, dataset: Any) -> None:
        """RecBole's signature; ``dataset`` holds the train pairs."""
        super().__init__(config, dataset)
        user, item = (side.numpy() for side in self.train_pairs(dataset))
        shape = (self.n_users - 1, self.n_items - 1)
        ones = np.ones(len(user), dtype=np.float32)
        self.scores, self.learned = self.fit(config, sp.csr_matrix((ones, (user, item)), shape))
        self.unused = nn.Parameter(torch.zeros(1))  # RecBole's optimiser refuses a model without

    def fit(self, config: Any, train: sp.csr_matrix) -> tuple[Callable[..., np.ndarray], int]:
        """The fitted scores and the number of learned values; given by the subclass."""
        raise NotImplementedError

    def calculate_loss(self, interaction: Any) -> Tensor:
        """RecBole's contract: there is nothing to learn."""
        return self.unused.sum() * 0.0

    def scorer(self, users: np.ndarray, items: np.ndarray) -> Scorer:
        """Scores straight from the fitted baseline."""
        columns = items - 1
        return lambda block: torch.from_numpy(self.scores(users[block] - 1)[:, columns])
