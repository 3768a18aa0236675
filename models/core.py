"""The contract of every trained system: a backbone encodes the nodes, an alignment adds losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from models.losses import bpr
from models.products import take

Terms = Mapping[str, Callable[[], Tensor]]
"""Scalar losses by name. A loss is computed when its function is called."""


class Batch(NamedTuple):
    """Training triples: the numbers of users, of positive items and of negative items, each [B]."""

    user: Tensor
    positive: Tensor
    negative: Tensor


@dataclass(frozen=True)
class Encoding:
    """The tables that a backbone makes from the embeddings E^0; users come first in each.

    Attributes:
        nodes: The rows that are scored, [N, D].
        layers: E^0 .. E^L, each [N, D].
        users: Number of users U. The rows from U on are items.
        views: Further tables that the backbone's own terms read, by name; each has L tables [N, D].
        intent: The backbone's own intent view [N, D]. None if it has none.
    """

    nodes: Tensor
    layers: tuple[Tensor, ...]
    users: int
    views: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    intent: Tensor | None = None

    @property
    def layer_inputs(self) -> tuple[Tensor, ...]:
        """The tables that layers are made from, E^0 .. E^{L-1}; E^0 alone if there is no layer beyond it."""
        return self.layers[:-1] or self.layers

    def split(self) -> tuple[Tensor, Tensor]:
        """The scored rows of users [U, D] and of items [I, D]."""
        return self.nodes[: self.users], self.nodes[self.users :]


class Backbone(Protocol):
    """Turns the train graph into node embeddings. A backbone is also an ``nn.Module``.

    Every backbone is made by ``(options, graph, embedding_size, text)``: its hyper-parameters, the
    :class:`~models.graph.Graph` of the train pairs, the width D and the
    :class:`~models.text.TextRows`. Those that read no text accept None and ignore ``text``.

    Attributes:
        users: Number of users U.
        lends_intent: Whether its encodings have an intent view, which alignments then use.
    """

    users: int
    lends_intent: bool

    def ego(self) -> Tensor:
        """E^0 [N, D]: the embeddings before propagation, users first."""

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D] over the train graph."""

    def ranking(self, encoding: Encoding, batch: Batch) -> dict[str, Tensor]:
        """The loss that ranks positives above negatives, by its name. Its weight is 1."""

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """The backbone's other losses, unweighted."""


class Alignment(nn.Module):
    """The base of all alignments, and the alignment of a bare backbone: it adds no loss.

    Every other alignment is made by ``(options, graph, embedding_size, text, backbone)``: what a
    :class:`Backbone` is made by, and the backbone itself. It may read the backbone's attributes, but
    must not keep the backbone, whose parameters would then be counted twice.
    """

    def before_step(self) -> None:
        """Called once in every training step, before the losses other than L2 are computed."""

    def corrupt(self, ego: Tensor) -> tuple[Tensor, Tensor | None]:
        """Replace rows of ``ego`` [N, D]; also returns the numbers of the replaced rows, if any."""
        return ego, None

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """The alignment's losses, unweighted; ``masked`` are the rows that :meth:`corrupt` replaced."""
        return {}


def rank_by_bpr(encoding: Encoding, batch: Batch) -> dict[str, Tensor]:
    """The ranking loss of most backbones: ``bpr`` of the scored rows."""
    users = encoding.users
    nodes = torch.cat([batch.user, users + batch.positive, users + batch.negative])
    user, positive, negative = take(encoding.nodes, nodes).split(len(batch.user))  # one pass for all three
    return {"bpr": bpr(user, positive, negative)}


def weigh(terms: Terms, weights: Mapping[str, float]) -> dict[str, Tensor]:
    """Each term times its weight. A term of weight 0 is not computed: this is how terms are ablated."""
    return {name: weights[name] * term() for name, term in terms.items() if weights[name]}


def learned_parameters(module: nn.Module) -> int:
    """Number of values that training changes."""
    return sum(row.numel() for row in module.parameters() if row.requires_grad)


class System(nn.Module):
    """A backbone and an alignment, trained together with a ranking loss and L2.

    Paper: LightGCN (He et al., SIGIR 2020), section 3; the alignments add to its loss.
    Differs: LightGCN's paper squares the embeddings of the batch (``l2_scope="batch"``). Our default is
    that of the releases: it squares every parameter, also those that are not trained.
    """

    def __init__(
        self,
        backbone: Backbone,
        alignment: Alignment,
        weights: Mapping[str, float],
        l2_scope: str = "all",
    ) -> None:
        """``weights`` has the weight of every term by name, that of ``l2`` among them."""
        super().__init__()
        self.backbone = backbone
        self.alignment = alignment
        self.weights = dict(weights)
        self.l2_scope = l2_scope

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Every weighted term of one step by name. Their sum is the training loss."""
        ego = self.backbone.ego()
        penalty = weigh({"l2": lambda: self._l2(ego, batch)}, self.weights)
        self.alignment.before_step()  # after L2, since the release squares the teacher before its update
        corrupted, masked = self.alignment.corrupt(ego)
        encoding = self.backbone.encode(corrupted)
        terms: Terms = {
            **self.backbone.terms(encoding, batch),
            **self.alignment.terms(encoding, batch, masked),
        }
        ranking = self.backbone.ranking(encoding, batch)
        return {**ranking, **penalty, **weigh(terms, self.weights)}

    @torch.no_grad()
    def embeddings(self) -> tuple[Tensor, Tensor]:
        """The rows of users [U, D] and of items [I, D] whose products are the scores."""
        training = self.training
        self.eval()
        rows = self.backbone.encode(self.backbone.ego()).split()
        self.train(training)
        return rows

    def _l2(self, ego: Tensor, batch: Batch) -> Tensor:
        if self.l2_scope == "all":
            return torch.stack([row.square().sum() for row in self.parameters()]).sum()
        users = self.backbone.users
        rows = (batch.user, users + batch.positive, users + batch.negative)
        return torch.stack([take(ego, row).square().sum() for row in rows]).sum() / len(batch.user)
