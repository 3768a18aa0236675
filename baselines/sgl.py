"""SGL and SimGCL: LightGCN with a loss that contrasts two disturbed views of the nodes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from baselines.hyper import SGLHyper, SimGCLHyper, ViewHyper
from baselines.lightgcn import NodeEmbedding, disturbed_layers, summed
from models.core import Batch, Encoding, Terms
from models.losses import info_nce
from models.products import take


class TwoViews(NodeEmbedding):
    """LightGCN with summed layers and a term ``contrast`` between two views that the subclass makes."""

    options: ViewHyper

    def view(self, ego: Tensor) -> Tensor:
        """A disturbed table [N, D] made from ``ego`` [N, D]; implemented by the subclass."""
        raise NotImplementedError

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D] without disturbance; these rows are ranked and scored."""
        nodes, layers = self.graph.propagate_layers(ego, self.options.layers)
        return Encoding(nodes, layers, self.graph.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """``contrast``: the batch's users against all users, and its items against all items."""

        def contrast() -> Tensor:
            ego, users = encoding.layers[0], encoding.users
            first, second = self.view(ego), self.view(ego)
            items = torch.cat([batch.positive, batch.negative])
            user_loss = self._contrast(first[:users], second[:users], batch.user)
            # Positives and negatives have the same candidates, so twice their common mean is the sum of both.
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
    """Each view drops edges; the same edges are missing in all of its layers.

    Paper: Wu et al., SIGIR 2021, edge dropout, equations 6 and 10.
    Differs: as in the releases, negatives are anchors as well, and the edges that are kept are not
    rescaled.
    """

    options: SGLHyper

    def view(self, ego: Tensor) -> Tensor:
        """Sum of the layers of ``ego`` [N, D], propagated over the kept edges."""
        entries = self.graph.drop(self.options.edge_keep)
        nodes, _ = self.graph.propagate_layers(ego, self.options.layers, entries)
        return nodes


class SimGCL(TwoViews):
    """Each view adds noise of a fixed length to every layer, with the signs of the row it is added to.

    Paper: Yu et al., SIGIR 2022, equations 7 and 8.
    Differs: as in the releases, the sum of the layers includes E^0, and negatives are anchors as well.
    """

    options: SimGCLHyper

    def view(self, ego: Tensor) -> Tensor:
        """Sum of the layers of ``ego`` [N, D], with noise added to each layer beyond E^0."""

        def disturb(rows: Tensor) -> Tensor:
            return with_noise(rows, torch.rand_like(rows), self.options.noise_size)

        layers = disturbed_layers(self.graph, ego, self.options.layers, disturb)
        return summed(layers)


def with_noise(rows: Tensor, drawn: Tensor, size: float) -> Tensor:
    """Rows [N, D] plus noise of length ``size``: ``drawn`` rows [N, D] with the signs of the rows."""
    return rows + size * functional.normalize(drawn) * rows.sign()
