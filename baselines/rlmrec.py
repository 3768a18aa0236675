"""RLMRec-Con: profile text aligned with node embeddings by contrast, over any backbone."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.core import Alignment, Batch, Encoding, Terms, hyper
from models.text import TextRows, projector, text_alignment


@dataclass(frozen=True)
class RLMRecConHyper:
    """RLMRec-Con's own hyper-parameters."""

    profile_weight: float = hyper(1e-2, "weight of the profile term", 1e-4, 1.0, log=True)
    profile_tau: float = hyper(0.2, "temperature of the profile term", 0.05, 1.0)


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

        def profile() -> Tensor:
            rows = self.profile_projector(self.profile_text)
            tau = self.options.profile_tau
            return text_alignment(encoding.nodes, rows, encoding.users, batch, tau)

        return {"profile": profile}
