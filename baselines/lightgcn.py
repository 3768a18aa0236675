"""LightGCN, and what the backbones built on it share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from baselines.hyper import LightGCNHyper
from models.core import Batch, Encoding, Terms, rank_by_bpr
from models.graph import Graph
from models.text import TextRows


class NodeEmbedding(nn.Module):
    """A backbone with learned embeddings of users [U, D] and items [I, D], Xavier-uniform at first."""

    options: Any
    lends_intent = False

    def __init__(self, options: Any, graph: Graph, embedding_size: int, text: TextRows | None = None) -> None:
        """``text`` is ignored; every backbone is made by the same arguments."""
        super().__init__()
        self.options, self.graph, self.users = options, graph, graph.users
        self.user_embedding = nn.Parameter(torch.empty(graph.users, embedding_size))
        self.item_embedding = nn.Parameter(torch.empty(graph.items, embedding_size))
        nn.init.xavier_uniform_(self.user_embedding)
        nn.init.xavier_uniform_(self.item_embedding)

    def ego(self) -> Tensor:
        """E^0 [N, D], users first."""
        return torch.cat([self.user_embedding, self.item_embedding])

    def ranking(self, encoding: Encoding, batch: Batch) -> dict[str, Tensor]:
        """``bpr``."""
        return rank_by_bpr(encoding, batch)


def disturbed_layers(
    graph: Graph,
    ego: Tensor,
    count: int,
    disturb: Callable[[Tensor], Tensor],
) -> tuple[Tensor, ...]:
    """E^0 .. E^L with E^{l+1} = disturb(A-bar E^l), each [N, D].

    Args:
        graph: The train graph.
        ego: E^0 [N, D].
        count: Number of layers L.
        disturb: Applied to each new layer before the next is made from it.
    """
    layers = [ego]
    for _ in range(count):
        layers.append(disturb(graph.propagate(layers[-1])))
    return tuple(layers)


def summed(layers: tuple[Tensor, ...]) -> Tensor:
    """E^0 + .. + E^L [N, D], the read-out of the releases."""
    return sum(layers[1:], layers[0])


class LightGCN(NodeEmbedding):
    """E^{l+1} = A-bar E^l, without weights or activations; the scored rows combine all layers.

    Paper: He et al., SIGIR 2020, equations 3 to 8.
    Differs: the layers are summed, as in the releases; the paper's mean is ``readout="mean"``. ProMax's
    release sums without E^0, ``readout="propagated"``.
    """

    options: LightGCNHyper

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D] through L layers."""
        entries = self.graph.drop(self.options.edge_keep if self.training else 1.0)
        with_first = self.options.readout != "propagated"
        nodes, layers = self.graph.propagate_layers(ego, self.options.layers, entries, with_first)
        if self.options.readout == "mean":
            nodes = nodes / len(layers)
        return Encoding(nodes, layers, self.graph.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """LightGCN has no other loss."""
        return {}
