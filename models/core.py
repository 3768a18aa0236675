"""What the published systems vary: a backbone that encodes nodes, an alignment that adds losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from models.hyper import hyper
from models.losses import bpr
from models.products import take

Terms = Mapping[str, Callable[[], Tensor]]
"""Named scalar losses, each computed only when it is called."""


class Batch(NamedTuple):
    """Training triples: ``user``, ``positive`` and ``negative`` item numbers, each [B]."""

    user: Tensor
    positive: Tensor
    negative: Tensor


@dataclass(frozen=True)
class Encoding:
    """What a backbone makes of the node embeddings, users first.

    Attributes:
        nodes: The read-out that is scored, [N, D].
        layers: E^0 .. E^L, each [N, D].
        users: Number of users U; rows U.. are items.
        views: Further tables of a layer, kept for the backbone's own terms, {name: L x [N, D]}.
        intent: The backbone's own intent view [N, D], or None where it has none.
    """

    nodes: Tensor
    layers: tuple[Tensor, ...]
    users: int
    views: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    intent: Tensor | None = None

    def split(self) -> tuple[Tensor, Tensor]:
        """The read-out as user rows [U, D] and item rows [I, D]."""
        return self.nodes[: self.users], self.nodes[self.users :]


class Backbone(Protocol):
    """Turns the train graph into node embeddings; an ``nn.Module`` as well.

    Attributes:
        users: Number of users U.
        lends_intent: Whether its encodings bring an intent view.
    """

    users: int
    lends_intent: bool

    def ego(self) -> Tensor:
        """Embeddings before propagation, [N, D], users first."""

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D]."""

    def ranking(self, encoding: Encoding, batch: Batch) -> dict[str, Tensor]:
        """The loss that ranks positives above negatives, by name; its weight is 1."""

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """The backbone's own losses beside ranking, unweighted."""


class Alignment(nn.Module):
    """The null alignment, and the base of every other: the bare backbone."""

    def before_step(self) -> None:
        """Called once before the losses of every training step."""

    def corrupt(self, ego: Tensor) -> tuple[Tensor, Tensor | None]:
        """Hide rows of ``ego`` [N, D]; returns the result and the hidden rows' numbers."""
        return ego, None

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """The alignment's losses, unweighted."""
        return {}


def rank_by_bpr(encoding: Encoding, batch: Batch) -> dict[str, Tensor]:
    """``bpr`` on the read-out: what most backbones rank by."""
    user, item = encoding.split()
    return {"bpr": bpr(take(user, batch.user), take(item, batch.positive), take(item, batch.negative))}


def weigh(terms: Terms, weights: Mapping[str, float]) -> dict[str, Tensor]:
    """Weighted terms; a zero weight is an ablation, and costs nothing."""
    return {name: weights[name] * term() for name, term in terms.items() if weights[name]}


def learned_parameters(module: nn.Module) -> int:
    """Number of values that training changes."""
    return sum(row.numel() for row in module.parameters() if row.requires_grad)


@dataclass(frozen=True)
class SystemHyper:
    """What every trained system has beside its backbone's and alignment's own hyper-parameters."""

    embedding_size: int = hyper(32, "width D of the node embeddings", 8, 256, log=True, tuned=False)
    l2_weight: float = hyper(1e-6, "weight of the L2 term", 1e-8, 1e-2, log=True, weighs="l2")
    l2_scope: str = hyper("all", "what is squared: all parameters, or the batch's ego rows / B",
                          choices=("all", "batch"), read_by=("l2",))  # fmt: skip
    learning_rate: float = hyper(1e-3, "Adam's step size", 1e-4, 1e-2, log=True)


class System(nn.Module):
    """A backbone and an alignment trained together with a ranking loss, BPR for most, and L2.

    Paper: LightGCN (He et al., SIGIR 2020) section 3; the alignments add to its loss.
    Differs: LightGCN's paper regularises the batch's ego rows (``l2_scope="batch"``); the release
    family, and our default, squares every parameter, frozen ones included.
    """

    def __init__(
        self,
        backbone: Backbone,
        alignment: Alignment,
        weights: Mapping[str, float],
        l2_scope: str = "all",
    ) -> None:
        """``weights`` maps the name of every term, ``l2`` among them, to its weight."""
        super().__init__()
        self.backbone = backbone
        self.alignment = alignment
        self.weights = dict(weights)
        self.l2_scope = l2_scope

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Every weighted term of one step; their sum is the training loss."""
        ego = self.backbone.ego()
        penalty = weigh({"l2": lambda: self._l2(ego, batch)}, self.weights)
        self.alignment.before_step()  # after L2: the release squares the teacher before its update
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
        """Rows to score with, user [U, D] and item [I, D]; score = user . item."""
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
