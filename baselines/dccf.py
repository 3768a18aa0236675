"""DCCF: disentangled contrastive collaborative filtering with intent prototypes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from baselines.lightgcn import NodeEmbedding
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.hyper import LOWEST_TAU, hyper, products_of
from models.intents import intents_of, prototype_table
from models.losses import info_nce
from models.products import take


@dataclass(frozen=True)
class DCCFHyper:
    """DCCF's own hyper-parameters."""

    products: str = products_of("contrast")
    layers: int = hyper(2, "propagation layers L", 1, 4)
    n_intents: int = hyper(128, "number of prototypes K a side", 8, 512, log=True, tuned=False)
    contrast_weight: float = hyper(1e-3, "weight of the contrast between views", 1e-4, 1.0, log=True,
                                   weighs="contrast")  # fmt: skip
    contrast_tau: float = hyper(0.1, "temperature of the contrast", 0.05, 1.0, minimum=LOWEST_TAU,
                                read_by=("contrast",))  # fmt: skip
    contrast_mean: str = hyper("users", "an item's share of the contrast: one of the batch's unique "
                               "users, or one of its own side", choices=("users", "own"),
                               read_by=("contrast",))  # fmt: skip


class DCCF(NodeEmbedding):
    """E^{l+1} = E^l + Z + R + H_z + H_r; read-out by sum.

    Z = A-bar E, R = softmax(E C) C^T, H_z = G(Z) E, H_r = G(R) E.

    Paper: Ren et al., SIGIR 2023, equations 3 to 14.
    Differs: as in the release, the item contrast is divided by the number of unique *users*; the
    paper's mean over items is ``contrast_mean="own"``.
    """

    lends_intent = True

    def __init__(self, options: DCCFHyper, graph: Graph, embedding_size: int) -> None:
        """``options`` are DCCF's own; ``graph`` holds the train pairs."""
        super().__init__(graph, embedding_size)
        self.options = options
        self.user_prototypes = prototype_table(embedding_size, options.n_intents)
        self.item_prototypes = prototype_table(embedding_size, options.n_intents)

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D]; lends the mean of H_r as the intent view."""
        graph, layers = self.graph, [ego]
        views: dict[str, list[Tensor]] = {"z": [], "r": [], "h_z": [], "h_r": []}
        for _ in range(self.options.layers):
            rows = layers[-1]
            z = graph.propagate(rows)
            r = intents_of(rows, graph.users, self.user_prototypes, self.item_prototypes)
            made = {"z": z, "r": r, "h_z": graph.attend(rows, z), "h_r": graph.attend(rows, r)}
            for name, view in made.items():
                views[name].append(view)
            layers.append(rows + sum(made.values()))
        return Encoding(
            nodes=torch.stack(layers).sum(0),
            layers=tuple(layers),
            users=graph.users,
            views={name: tuple(view) for name, view in views.items()},
            intent=torch.stack(views["h_r"]).mean(0),
        )

    def compared(self, encoding: Encoding) -> tuple[Tensor, ...]:
        """E^0 .. E^{L-1}, each [N, D], of which every layer's R is made."""
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
