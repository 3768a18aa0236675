"""BIGCF: intents of users and items with random individual deviations, and contrasts between nodes."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.hyper import BIGCFHyper
from baselines.lightgcn import NodeEmbedding, summed
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.intents import intents_of, prototype_table
from models.losses import info_nce
from models.products import take
from models.text import TextRows


class BIGCF(NodeEmbedding):
    """E + R * noise, with E the sum of LightGCN's layers, R = softmax(E C) C^T and noise ~ N(0, I).

    Paper: Zhang et al., SIGIR 2024, equations 4 to 14.
    Differs: the release draws noise when it scores as well, so that its scores are random
    (``scored_noise="draw"``). Our default scores with the noise's mean, which is zero. The release's
    L2 weight of the prototypes equals its common L2 weight, so that there is one weight here.
    """

    options: BIGCFHyper

    def __init__(
        self, options: BIGCFHyper, graph: Graph, embedding_size: int, text: TextRows | None = None
    ) -> None:
        """``text`` is ignored."""
        super().__init__(options, graph, embedding_size)
        self.user_prototypes = prototype_table(embedding_size, options.n_intents)
        self.item_prototypes = prototype_table(embedding_size, options.n_intents)

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D], then add each node's intent times its noise."""
        rows, layers = self.graph.propagate_layers(ego, self.options.layers)
        users = self.graph.users
        intents = intents_of(rows, users, self.user_prototypes, self.item_prototypes)
        noisy = self.training or self.options.scored_noise == "draw"
        nodes = rows + intents * torch.randn_like(rows) if noisy else rows
        return Encoding(nodes, layers, users, views={"intent": (intents,)})

    def compared(self, encoding: Encoding) -> tuple[Tensor, ...]:
        """The table [N, D] that is compared with the prototypes: the sum of LightGCN's layers."""
        return (summed(encoding.layers),)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """``contrast``: users with users, items with items and users with items.

        The first two contrast the scored rows and again the intents, the last the scored rows alone.
        """
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
