"""RLMRec: profile text aligned with node embeddings, by contrast or by reconstruction."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.core import Alignment, Batch, Encoding, Terms
from models.hyper import LOWEST_TAU, hyper, products_of
from models.losses import info_nce
from models.products import take
from models.text import TextRows, projector, text_alignment


@dataclass(frozen=True)
class RLMRecConHyper:
    """RLMRec-Con's own hyper-parameters."""

    products: str = products_of("profile")
    profile_weight: float = hyper(1e-2, "weight of the profile term", 1e-4, 1.0, log=True,
                                  weighs="profile")  # fmt: skip
    profile_tau: float = hyper(0.2, "temperature of the profile term", 0.05, 1.0, minimum=LOWEST_TAU,
                               read_by=("profile",))  # fmt: skip


@dataclass(frozen=True)
class RLMRecGenHyper:
    """RLMRec-Gen's own hyper-parameters."""

    products: str = products_of("reconstruct")
    mask_ratio: float = hyper(0.15, "share of all nodes hidden in a step", 0.01, 0.5,
                              read_by=("reconstruct",))  # fmt: skip
    reconstruct_weight: float = hyper(0.1, "weight of the reconstruction", 1e-4, 1.0, log=True,
                                      weighs="reconstruct")  # fmt: skip
    reconstruct_tau: float = hyper(0.5, "temperature of the reconstruction", 0.05, 1.0, minimum=LOWEST_TAU,
                                   read_by=("reconstruct",))  # fmt: skip
    reconstruct_nodes: str | int = hyper("all", "hidden nodes that are told from each other in a step: "
                                         "all, or as many as said", low=1, choices=("all",),
                                         read_by=("reconstruct",))  # fmt: skip


class RLMRecCon(Alignment):
    """One term, ``profile``: InfoNCE between node rows and projected profile rows.

    Paper: RLMRec (Ren et al., WWW 2024), equations 6 and 7.
    """

    profile_text: Tensor

    def __init__(self, options: RLMRecConHyper, text: TextRows, embedding_size: int) -> None:
        """``text.profile`` [N, T] holds a row for every user and item."""
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
    """One term, ``reconstruct``: the profile rows of hidden nodes told from their neighbourhood.

    A learned token takes the place of the hidden nodes' embeddings before encoding; BPR ranks with
    that same pass.

    Paper: RLMRec (Ren et al., WWW 2024), section 3.5 and equation 8.
    Differs: the release's guards of 1e-8 in the softmax are left out. The paper tells all hidden nodes
    from each other, which costs the square of their number; ``reconstruct_nodes=n`` takes n of them.
    """

    profile_text: Tensor

    def __init__(self, options: RLMRecGenHyper, text: TextRows, embedding_size: int) -> None:
        """``text.profile`` [N, T] holds a row for every user and item."""
        super().__init__()
        self.options = options
        self.draw_nodes = _draw_nodes
        self.register_buffer("profile_text", text.profile, persistent=False)
        if options.reconstruct_weight:
            self.mask_token = nn.Parameter(torch.zeros(embedding_size))
            self.profile_reconstructor = projector(embedding_size, text.profile.shape[1])

    def corrupt(self, ego: Tensor) -> tuple[Tensor, Tensor | None]:
        """Put the mask token in the place of mask_ratio * N random rows of ``ego`` [N, D]."""
        if not self.options.reconstruct_weight:
            return ego, None
        masked = self.draw_nodes(len(ego), self.options.mask_ratio, ego.device)
        return ego.index_copy(0, masked, self.mask_token.expand(len(masked), -1)), masked

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """``reconstruct``: InfoNCE between rebuilt and true profile rows, within the hidden nodes."""
        options = self.options

        def reconstruct() -> Tensor:
            assert masked is not None  # with weight, corrupt() hid some
            told = masked if options.reconstruct_nodes == "all" else masked[: int(options.reconstruct_nodes)]
            rebuilt = self.profile_reconstructor(take(encoding.nodes, told))
            wanted = take(self.profile_text, told)
            return info_nce(rebuilt, wanted, wanted, options.reconstruct_tau, products=options.products)

        return {"reconstruct": reconstruct}


def _draw_nodes(count: int, ratio: float, device: torch.device) -> Tensor:
    """Numbers of ratio * count random nodes, at least one."""
    return torch.randperm(count, device=device)[: max(1, int(count * ratio))]
