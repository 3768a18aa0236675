"""LightCCF: LightGCN or MF with a contrast of each train pair with the other items and users of its batch."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from baselines.hyper import LightCCFHyper
from baselines.lightgcn import NodeEmbedding
from baselines.xsimgcl import GUARD
from models.core import Batch, Encoding, Terms
from models.losses import info_nce
from models.products import take


class LightCCF(NodeEmbedding):
    """One term, ``neighbour``, over the mean of LightGCN's layers, or over the embeddings themselves.

    neighbour = mean -log(p_ui + 1e-5) over the train pairs (u, i) of the batch, with
    p_ui = exp(cos(u, i) / tau) / sum_j exp((cos(u, i_j) + cos(u, u_j)) / tau)
    summed over all pairs (u_j, i_j) of the batch, the pair itself and repeated users and items included.

    Paper: LightCCF (SIGIR 2025), neighbourhood aggregation.
    Differs: the constant 1e-5 is that of the release ID-GRec (see :class:`baselines.xsimgcl.XSimGCL`).
    Another reimplementation adds the sum over items and the sum over users, where this is the sum of the
    products.
    """

    options: LightCCFHyper

    def encode(self, ego: Tensor) -> Encoding:
        """The scored rows are the mean of E^0 .. E^L, made from ``ego`` [N, D]; without layers, E^0."""
        count = self.options.layers if self.options.encoder == "LightGCN" else 0
        total, layers = self.graph.propagate_layers(ego, count)
        return Encoding(total / len(layers), layers, self.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """``neighbour``."""
        return {"neighbour": lambda: self._neighbour(encoding, batch)}

    def _neighbour(self, encoding: Encoding, batch: Batch) -> Tensor:
        options = self.options
        user_rows, item_rows = encoding.split()
        user = functional.normalize(take(user_rows, batch.user))
        item = functional.normalize(take(item_rows, batch.positive))
        # Both cosines of a candidate pair are products with u, so that their sum is u . (i_j + u_j).
        return info_nce(
            user, item, item + user, options.neighbour_tau,
            products=options.products, guard=GUARD, scaled=False,
        )  # fmt: skip
