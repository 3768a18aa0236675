"""RLMRec: profile text aligned with node embeddings, by contrast or by reconstruction."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.hyper import RLMRecConHyper, RLMRecGenHyper
from models.core import Alignment, Backbone, Batch, Encoding, Terms
from models.graph import Graph
from models.losses import info_nce
from models.products import take
from models.text import TextRows, projector, text_alignment


class RLMRecCon(Alignment):
    """One term, ``profile``: InfoNCE between node embeddings and projected profile text.

    Paper: RLMRec (Ren et al., WWW 2024), equations 6 and 7.
    """

    profile_text: Tensor

    def __init__(
        self,
        options: RLMRecConHyper,
        graph: Graph,
        embedding_size: int,
        text: TextRows,
        backbone: Backbone,
    ) -> None:
        """``text.profile`` [N, T] is read. ``graph`` and ``backbone`` are ignored."""
        super().__init__()
        self.options = options
        self.register_buffer("profile_text", text.profile, persistent=False)
        if options.profile_weight:
            self.profile_projector = projector(text.profile.shape[1], embedding_size)

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """``profile``, unweighted."""
        options = self.options

        def profile() -> Tensor:
            return text_alignment(
                encoding.nodes,
                lambda nodes: self.profile_projector(take(self.profile_text, nodes)),
                encoding.users,
                batch,
                options.profile_tau,
                options.products,
            )

        return {"profile": profile}


class RLMRecGen(Alignment):
    """One term, ``reconstruct``: the profile text of hidden nodes is reconstructed from their neighbours.

    A learned row, the mask token, replaces the embeddings of the hidden nodes before encoding. The
    ranking loss is computed from the same encoding. A backbone that does not propagate, such as MF, leaves
    nothing to reconstruct hidden nodes from.

    Paper: RLMRec (Ren et al., WWW 2024), section 3.5 and equation 8.
    Differs: the release adds 1e-8 inside its softmax, which is left out. In the paper, all hidden nodes
    are candidates of each other, at a cost that grows with the square of their number;
    ``reconstruct_nodes=n`` takes n of them.
    """

    profile_text: Tensor

    def __init__(
        self,
        options: RLMRecGenHyper,
        graph: Graph,
        embedding_size: int,
        text: TextRows,
        backbone: Backbone,
    ) -> None:
        """``text.profile`` [N, T] is read. ``graph`` and ``backbone`` are ignored."""
        super().__init__()
        self.options = options
        self.draw_nodes = _draw_nodes
        self.register_buffer("profile_text", text.profile, persistent=False)
        if options.reconstruct_weight:
            self.mask_token = nn.Parameter(torch.zeros(embedding_size))
            self.profile_reconstructor = projector(embedding_size, text.profile.shape[1])

    def corrupt(self, ego: Tensor) -> tuple[Tensor, Tensor | None]:
        """Replace mask_ratio * N random rows of ``ego`` [N, D] by the mask token."""
        if not self.options.reconstruct_weight:
            return ego, None
        masked = self.draw_nodes(len(ego), self.options.mask_ratio, ego.device)
        return ego.index_copy(0, masked, self.mask_token.expand(len(masked), -1)), masked

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """``reconstruct``: InfoNCE between reconstructed and true profile rows of the hidden nodes."""
        options = self.options

        def reconstruct() -> Tensor:
            assert masked is not None  # the term has weight, so corrupt() has hidden nodes
            count = len(masked) if options.reconstruct_nodes == "all" else int(options.reconstruct_nodes)
            nodes = masked[:count]
            reconstructed = self.profile_reconstructor(take(encoding.nodes, nodes))
            profiles = take(self.profile_text, nodes)
            return info_nce(
                reconstructed, profiles, profiles, options.reconstruct_tau, products=options.products
            )

        return {"reconstruct": reconstruct}


def _draw_nodes(count: int, ratio: float, device: torch.device) -> Tensor:
    """The numbers of ratio * count random nodes, of one at least."""
    return torch.randperm(count, device=device)[: max(1, int(count * ratio))]
