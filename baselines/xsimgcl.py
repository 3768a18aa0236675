"""XSimGCL: LightGCN with noise in every layer, one of which is contrasted with the mean of all."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.hyper import XSimGCLHyper
from baselines.lightgcn import NodeEmbedding, disturbed_layers, summed
from baselines.sgl import with_noise
from models.core import Batch, Encoding, Terms
from models.graph import Graph
from models.losses import info_nce
from models.products import take
from models.text import TextRows

GUARD = 1e-5
"""What ID-GRec adds to the share of the partner before its logarithm, in XSimGCL and in LightCCF."""


class XSimGCL(NodeEmbedding):
    """E^{l+1} = A-bar E^l + noise, of which the next layer is made; scored is the mean of E^1 .. E^L.

    The noise has a fixed length and the signs of the row it is added to. Ranking loss and contrast are
    computed from the noisy rows of one pass; rows that are scored after training have no noise.

    Paper: Yu et al., TKDE 2024, section 3.2.
    Differs: as in the release ID-GRec, the contrast is -log(p + 1e-5) with p the share of the partner. At
    the published temperature this constant changes the contrast by 3e-5 of its value, which is more than
    the recorded steps agree by. ID-GRec also adds 1e-7 inside the logarithm of BPR, which changes it by
    3e-7 of its value and is left out.
    """

    options: XSimGCLHyper

    def __init__(
        self, options: XSimGCLHyper, graph: Graph, embedding_size: int, text: TextRows | None = None
    ) -> None:
        """``text`` is ignored."""
        super().__init__(options, graph, embedding_size)
        self.draw_noise = torch.rand_like

    def encode(self, ego: Tensor) -> Encoding:
        """Propagate ``ego`` [N, D], in training with noise added to every layer beyond E^0."""
        options = self.options

        def disturb(rows: Tensor) -> Tensor:
            return with_noise(rows, self.draw_noise(rows), options.noise_size)

        if self.training:
            layers = disturbed_layers(self.graph, ego, options.layers, disturb)
            total = summed(layers[1:])
        else:
            total, layers = self.graph.propagate_layers(ego, options.layers, with_first=False)
        return Encoding(total / options.layers, layers, self.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """``contrast``: one layer with the scored rows, among the batch's users and among its positives."""
        return {"contrast": lambda: self._contrast(encoding, batch)}

    def _contrast(self, encoding: Encoding, batch: Batch) -> Tensor:
        options = self.options
        layer = encoding.layers[min(options.contrast_layer, options.layers)]
        total = encoding.nodes.new_zeros(())
        for side in (batch.user.unique(), encoding.users + batch.positive.unique()):
            rows = take(encoding.nodes, side)
            total = total + info_nce(
                take(layer, side), rows, rows, options.contrast_tau, products=options.products, guard=GUARD
            )
        return total
