"""The equations of every system, written plainly in float32: whole tables, without any optimisation.

Tests compare the systems' losses and gradients with these, and ``intentbench bench`` compares their speed.
Parameters, hyper-parameters and the order of random draws are those of the system; only dropped edges are
drawn in another order.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from harness.bench.plain_backbones import PlainBackbone, info_nce
from harness.bench.plain_promax import PlainProMax
from models.core import Batch


class Plain(PlainBackbone):
    """One system: its backbone's ranking and contrast terms, and its alignment's terms."""

    def __init__(self, *arguments: Any) -> None:
        """Take the arguments of :class:`PlainBackbone`."""
        super().__init__(*arguments)
        if self.alignment == "ProMax":
            pairs = torch.stack([self.source, self.target - self.users])[:, self.source < self.users]
            self.promax = PlainProMax(self.values, self.text.profile, self.users, pairs)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return every weighted term of a batch by name."""
        given, values = self.given, self.values
        l2 = values["l2_weight"] * self._l2(batch)
        if "alignment.teacher.network.0.weight" in given:
            self._move_teacher()
        ego = self._ego()
        masked = None
        if self.alignment == "RLMRec-Gen":
            masked = torch.randperm(self.nodes)[: int(self.nodes * values["mask_ratio"])]
            hidden = torch.zeros(self.nodes, 1).index_fill_(0, masked, 1.0)
            ego = ego * (1 - hidden) + given["alignment.mask_token"] * hidden
        nodes, views = getattr(self, f"_{self.backbone.lower()}")(ego)
        terms = {**self._ranking(nodes, batch), "l2": l2}
        if "contrast_weight" in values:
            contrast = getattr(self, f"_{self.backbone.lower()}_contrast")
            terms["contrast"] = values["contrast_weight"] * contrast(nodes, views, batch)
        if "neighbour_weight" in values:
            terms["neighbour"] = values["neighbour_weight"] * self._neighbour(nodes, batch)
        if self.alignment == "RLMRec-Gen":
            reconstructed, rows = (
                self._mlp("alignment.profile_reconstructor", nodes[masked]),
                self.text.profile[masked],
            )
            loss = info_nce(reconstructed, rows, rows, values["reconstruct_tau"])
            terms["reconstruct"] = values["reconstruct_weight"] * loss
        elif self.alignment == "ProMax":
            terms |= self.promax.terms(nodes, ego, batch)
        elif self.alignment:
            rows = self._mlp("alignment.profile_projector", self.text.profile)
            terms["profile"] = values["profile_weight"] * self._aligned(nodes, rows, batch, "profile_tau")
        if self.alignment == "IRLLRec":
            terms |= self._intents(nodes, views, batch)
        return terms

    def _l2(self, batch: Batch) -> Tensor:
        """Return the squares of all parameters, or of the batch's embeddings divided by its size."""
        if self.values["l2_scope"] == "all":
            return torch.stack([row.square().sum() for row in self.given.values()]).sum()
        ego, sides = self._ego(), (batch.user, self.users + batch.positive, self.users + batch.negative)
        return torch.stack([ego[side].square().sum() for side in sides]).sum() / len(batch.user)

    def _aligned(self, nodes: Tensor, rows: Tensor, batch: Batch, tau: str) -> Tensor:
        """Return InfoNCE between nodes and their text rows: users against all users, items in the batch."""
        user, value = batch.user, self.values[tau]
        total = info_nce(nodes[user], rows[user], rows[: self.users], value)
        for side in (self.users + batch.positive, self.users + batch.negative):
            total = total + info_nce(nodes[side], rows[side], rows[side], value)
        return total

    def _intents(self, nodes: Tensor, views: Any, batch: Batch) -> dict[str, Tensor]:
        """Return IRLLRec's terms beyond the profile: intent, translation and momentum."""
        values, text = self.values, self._mlp("alignment.intent_projector", self.text.intent)
        terms = {
            "intent": values["intent_weight"] * self._aligned(self._view(views), text, batch, "intent_tau")
        }
        noisy_text = text + text * torch.randn_like(text)
        noisy_nodes = nodes + nodes * torch.randn_like(nodes)
        translation = values["translation_weight"] * info_nce(noisy_text, noisy_nodes, noisy_nodes, 1.0)
        target = torch.softmax(self._mlp("alignment.teacher.network", self.text.intent), 1).detach()
        matching = -(target * torch.log_softmax(text, 1)).sum(1).mean()
        momentum = values["momentum_weight"] * (0.4 * translation + 0.6 * matching)
        return {**terms, "translation": translation, "momentum": momentum}

    def _view(self, views: Any) -> Tensor:
        """Return the intents of all nodes, averaged over layers, [N, D]."""
        if self.backbone == "DCCF":
            return torch.stack([view[3] for view in views]).mean(0)
        layers = self.layers if self.backbone == "BIGCF" else views
        return torch.stack(
            [self._attended(self._prototyped(rows, "alignment"), rows) for rows in layers[:-1] or layers]
        ).mean(0)

    @torch.no_grad()
    def _move_teacher(self) -> None:
        """Move the teacher's parameters by a thousandth towards the student's."""
        for name, row in self.given.items():
            if ".teacher." in name:
                row.mul_(0.999).add_(
                    self.given[name.replace("teacher.network", "intent_projector")], alpha=0.001
                )
