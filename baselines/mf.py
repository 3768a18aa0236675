"""MF: matrix factorisation, whose node embeddings are scored as they are learned."""

from __future__ import annotations

from torch import Tensor

from baselines.hyper import MFHyper
from baselines.lightgcn import NodeEmbedding
from models.core import Batch, Encoding, Terms


class MF(NodeEmbedding):
    """The score of user u and item i is e_u . e_i; the ranking loss is BPR.

    Paper: Rendle et al., UAI 2009, section 4.3.1.
    """

    options: MFHyper

    def encode(self, ego: Tensor) -> Encoding:
        """The scored rows are ``ego`` [N, D]; there is no layer beyond E^0."""
        return Encoding(ego, (ego,), self.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """MF has no other loss."""
        return {}
