"""SGL and SimGCL: LightGCN whose disturbed views are contrasted with each other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.lightgcn import NodeEmbedding, linear_layers, summed
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.hyper import LOWEST_TAU, hyper, products_of
from models.losses import info_nce
from models.products import take


@dataclass(frozen=True)
class ViewHyper:
    """What SGL and SimGCL share."""

    products: str = products_of("contrast")
    layers: int = hyper(3, "propagation layers L", 1, 4)
    contrast_weight: float = hyper(0.1, "weight of the contrast between views", 1e-4, 1.0, log=True,
                                   weighs="contrast")  # fmt: skip
    contrast_tau: float = hyper(0.2, "temperature of the contrast", 0.05, 1.0, minimum=LOWEST_TAU,
                                read_by=("contrast",))  # fmt: skip


@dataclass(frozen=True)
class SGLHyper(ViewHyper):
    """SGL's own hyper-parameters."""

    edge_keep: float = hyper(0.8, "probability of keeping an edge in a view", 0.5, 1.0,
                             read_by=("contrast",))  # fmt: skip


@dataclass(frozen=True)
class SimGCLHyper(ViewHyper):
    """SimGCL's own hyper-parameters."""

    noise_size: float = hyper(0.9, "length eps of the noise added to each layer of a view", 0.01, 2.0,
                              read_by=("contrast",))  # fmt: skip


class TwoViews(NodeEmbedding):
    """LightGCN, read out by sum; ``contrast`` compares two views that the subclass makes."""

    options: ViewHyper

    def __init__(self, options: ViewHyper, graph: Graph, embedding_size: int) -> None:
        """``graph`` holds the train pairs."""
        super().__init__(graph, embedding_size)
        self.options = options

    def view(self, ego: Tensor) -> Tensor:
        """One disturbed read-out [N, D] of ``ego`` [N, D]; given by the subclass."""
        raise NotImplementedError

    def encode(self, ego: Tensor) -> Encoding:
        """The clean pass over ``ego`` [N, D], which is ranked and scored."""
        layers = linear_layers(self.graph, ego, self.options.layers)
        return Encoding(summed(layers), layers, self.graph.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """``contrast``: the batch's users against all users, its items against all items."""

        def contrast() -> Tensor:
            ego, users = encoding.layers[0], encoding.users
            first, second = self.view(ego), self.view(ego)
            items = torch.cat([batch.positive, batch.negative])
            user_loss = self._contrast(first[:users], second[:users], batch.user)
            # Positives and negatives meet the same candidates: twice their common mean is their sum.
            return user_loss + 2.0 * self._contrast(first[users:], second[users:], items)

        return {"contrast": contrast}

    def _contrast(self, first: Tensor, second: Tensor, nodes: Tensor) -> Tensor:
        node, repeats = nodes.unique(return_counts=True)
        options = self.options
        return info_nce(
            take(first, node), take(second, node), second, options.contrast_tau,
            repeats=repeats, products=options.products,
        )  # fmt: skip


class SGL(TwoViews):
    """Views that drop edges, one draw a view for all its layers.

    Paper: Wu et al., SIGIR 2021, edge dropout, equations 6 and 10.
    Differs: as in the release family, negatives are anchors too and kept edges are not rescaled.
    """

    options: SGLHyper

    def view(self, ego: Tensor) -> Tensor:
        """Read-out [N, D] by sum, ``ego`` [N, D] propagated over the kept edges."""
        entries = self.graph.drop(self.options.edge_keep)
        layers = linear_layers(self.graph, ego, self.options.layers, entries)
        return summed(layers)


class SimGCL(TwoViews):
    """Views that add noise of length eps to every layer, in the orthant of the row.

    Paper: Yu et al., SIGIR 2022, equations 7 and 8.
    Differs: as in the release family, the read-out counts E^0 and negatives are anchors too.
    """

    options: SimGCLHyper

    def view(self, ego: Tensor) -> Tensor:
        """Read-out [N, D] by sum over the disturbed layers of ``ego`` [N, D]."""

        def disturb(rows: Tensor) -> Tensor:
            noise = functional.normalize(torch.rand_like(rows))
            return rows + self.options.noise_size * noise * rows.sign()

        layers = linear_layers(self.graph, ego, self.options.layers, disturb=disturb)
        return summed(layers)
