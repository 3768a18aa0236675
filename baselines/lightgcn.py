"""LightGCN: propagation without weights or activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.core import Batch, Encoding, Terms, rank_by_bpr
from models.graph import Entries, Graph
from models.hyper import hyper


@dataclass(frozen=True)
class LightGCNHyper:
    """LightGCN's own hyper-parameters."""

    layers: int = hyper(3, "propagation layers L", 1, 4)
    readout: str = hyper("sum", "read-out over E^0 .. E^L", choices=("sum", "mean"))
    edge_keep: float = hyper(1.0, "probability of keeping an edge in training", 0.5, 1.0)


class NodeEmbedding(nn.Module):
    """Learnable user and item embeddings [U, D] and [I, D], Xavier-uniform."""

    lends_intent = False

    def __init__(self, graph: Graph, embedding_size: int) -> None:
        """Draw the tables for every node of ``graph``."""
        super().__init__()
        self.graph, self.users = graph, graph.users
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


def linear_layers(
    graph: Graph,
    ego: Tensor,
    count: int,
    entries: Entries | None = None,
    disturb: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, ...]:
    """E^0 .. E^L with E^{l+1} = A-bar E^l, each [N, D].

    ``entries`` take A-bar's place in every layer; ``disturb`` changes each layer as it is made.
    """
    layers = [ego]
    for _ in range(count):
        made = graph.propagate(layers[-1], entries)
        layers.append(disturb(made) if disturb else made)
    return tuple(layers)


def summed(layers: tuple[Tensor, ...]) -> Tensor:
    """The release family's read-out, E^0 + .. + E^L, [N, D]."""
    return sum(layers[1:], layers[0])


class LightGCN(NodeEmbedding):
    """E^{l+1} = A-bar E^l; read-out over all layers.

    Paper: He et al., SIGIR 2020, equations 3 to 8.
    Differs: the read-out is the release family's sum; the paper's mean is ``readout="mean"``.
    """

    def __init__(self, options: LightGCNHyper, graph: Graph, embedding_size: int) -> None:
        """``options`` are LightGCN's own; ``graph`` holds the train pairs."""
        super().__init__(graph, embedding_size)
        self.options = options

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D] through L layers."""
        entries = self.graph.drop(self.options.edge_keep if self.training else 1.0)
        layers = linear_layers(self.graph, ego, self.options.layers, entries)
        nodes = summed(layers)
        if self.options.readout == "mean":
            nodes = nodes / len(layers)
        return Encoding(nodes, layers, self.graph.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """None beside BPR."""
        return {}
