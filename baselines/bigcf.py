"""BIGCF: bilateral intents with individual noise, contrasted by graph."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from baselines.lightgcn import NodeEmbedding, linear_layers, summed
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.hyper import LOWEST_TAU, hyper, products_of
from models.intents import intents_of, prototype_table
from models.losses import info_nce
from models.products import take


@dataclass(frozen=True)
class BIGCFHyper:
    """BIGCF's own hyper-parameters."""

    products: str = products_of("contrast")
    layers: int = hyper(3, "propagation layers L", 1, 4)
    n_intents: int = hyper(128, "number of prototypes K a side", 8, 512, log=True, tuned=False)
    contrast_weight: float = hyper(0.05, "weight of the contrasts", 1e-4, 1.0, log=True, weighs="contrast")
    contrast_tau: float = hyper(0.2, "temperature of the contrasts", 0.05, 1.0, minimum=LOWEST_TAU,
                                read_by=("contrast",))  # fmt: skip
    scored_noise: str = hyper("mean", "noise in scoring: its mean, which is none, or a draw",
                              choices=("mean", "draw"))  # fmt: skip


class BIGCF(NodeEmbedding):
    """E~ = E + R * noise with E LightGCN's sum and R = softmax(E C) C^T, noise ~ N(0, I).

    Paper: Zhang et al., SIGIR 2024, equations 4 to 14.
    Differs: the release draws noise in scoring too, so that its scores are random
    (``scored_noise="draw"``); here they come from the noise's mean. Its separate L2 weight of the
    prototypes equals the common one and is not kept apart.
    """

    def __init__(self, options: BIGCFHyper, graph: Graph, embedding_size: int) -> None:
        """``options`` are BIGCF's own; ``graph`` holds the train pairs."""
        super().__init__(graph, embedding_size)
        self.options = options
        self.user_prototypes = prototype_table(embedding_size, options.n_intents)
        self.item_prototypes = prototype_table(embedding_size, options.n_intents)

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D], then add each node's noisy intent."""
        layers = linear_layers(self.graph, ego, self.options.layers)
        rows, users = summed(layers), self.graph.users
        intents = intents_of(rows, users, self.user_prototypes, self.item_prototypes)
        noisy = self.training or self.options.scored_noise == "draw"
        nodes = rows + intents * torch.randn_like(rows) if noisy else rows
        return Encoding(nodes, layers, users, views={"intent": (intents,)})

    def compared(self, encoding: Encoding) -> tuple[Tensor, ...]:
        """LightGCN's sum [N, D], of which R is made."""
        return (summed(encoding.layers),)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """``contrast``: (u, u), (i, i) and (u, i) on the rows, (u, u) and (i, i) on the intents."""
        return {"contrast": lambda: self._contrast(encoding, batch)}

    def _contrast(self, encoding: Encoding, batch: Batch) -> Tensor:
        intents, items = encoding.views["intent"][0], encoding.users + batch.positive
        user, user_counts = batch.user.unique(return_counts=True)
        item, item_counts = items.unique(return_counts=True)
        total = encoding.nodes.new_zeros(())
        for rows in (encoding.nodes, intents):
            for node, counts in ((user, user_counts), (item, item_counts)):
                own = take(rows, node)
                total = total + self._loss(own, own, own, counts, counts)
        rows = encoding.nodes
        return total + self._loss(
            take(rows, batch.user), take(rows, items), take(rows, item), None, item_counts
        )

    def _loss(
        self, anchors: Tensor, partners: Tensor, others: Tensor, repeats: Tensor | None, counts: Tensor
    ) -> Tensor:
        options = self.options
        return info_nce(
            anchors, partners, others, options.contrast_tau,
            repeats=repeats, counts=counts, products=options.products,
        )  # fmt: skip
