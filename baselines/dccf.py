"""DCCF: disentangled contrastive collaborative filtering with intent prototypes."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.hyper import DCCFHyper
from baselines.lightgcn import NodeEmbedding
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.intents import intents_of, prototype_table
from models.losses import info_nce
from models.products import take
from models.text import TextRows


class DCCF(NodeEmbedding):
    """E^{l+1} = E^l + Z + R + H_z + H_r; the scored rows are the sum of all layers.

    Z = A-bar E, R = softmax(E C) C^T, H_z = G(Z) E, H_r = G(R) E, with prototypes C and the
    similarity-weighted mean over neighbours G (:meth:`Graph.attend`).

    Paper: Ren et al., SIGIR 2023, equations 3 to 14.
    Differs: as in the release, the contrast of items is divided by the number of distinct *users* of
    the batch; the paper's mean over items is ``contrast_mean="own"``.
    """

    options: DCCFHyper
    lends_intent = True

    def __init__(
        self, options: DCCFHyper, graph: Graph, embedding_size: int, text: TextRows | None = None
    ) -> None:
        """``text`` is ignored."""
        super().__init__(options, graph, embedding_size)
        self.user_prototypes = prototype_table(embedding_size, options.n_intents)
        self.item_prototypes = prototype_table(embedding_size, options.n_intents)

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D]. The intent view is the mean of H_r over the layers."""
        graph, layers = self.graph, [ego]
        views: dict[str, list[Tensor]] = {"z": [], "r": [], "h_z": [], "h_r": []}
        for _ in range(self.options.layers):
            rows = layers[-1]
            z = graph.propagate(rows)
            r = intents_of(rows, graph.users, self.user_prototypes, self.item_prototypes)
            added = {"z": z, "r": r, "h_z": graph.attend(rows, z), "h_r": graph.attend(rows, r)}
            for name, view in added.items():
                views[name].append(view)
            layers.append(rows + sum(added.values()))
        return Encoding(
            nodes=torch.stack(layers).sum(0),
            layers=tuple(layers),
            users=graph.users,
            views={name: tuple(view) for name, view in views.items()},
            intent=torch.stack(views["h_r"]).mean(0),
        )

    def compared(self, encoding: Encoding) -> tuple[Tensor, ...]:
        """The tables [N, D] that are compared with the prototypes: E^0 .. E^{L-1}."""
        return encoding.layers[:-1]

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """``contrast``: Z against R, H_z and H_r in every layer."""
        return {"contrast": lambda: self._contrast(encoding, batch)}

    def _contrast(self, encoding: Encoding, batch: Batch) -> Tensor:
        options, user = self.options, batch.user.unique()
        sides = (user, encoding.users + batch.positive.unique())
        total = encoding.nodes.new_zeros(())
        for index in range(options.layers):
            for side in sides:
                anchors = take(encoding.views["z"][index], side)
                share = len(side) / len(user) if options.contrast_mean == "users" else 1.0
                for name in ("r", "h_z", "h_r"):
                    rows = take(encoding.views[name][index], side)
                    loss = info_nce(anchors, rows, rows, options.contrast_tau, products=options.products)
                    total = total + share * loss
        return total
