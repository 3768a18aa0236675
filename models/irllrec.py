"""IRLLRec: language-model intents aligned with interaction intents, over any backbone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.core import Alignment, Batch, Encoding, Terms, hyper
from models.graph import Graph
from models.intents import Teacher, intent_view, prototype_table
from models.losses import info_nce
from models.text import TextRows, once, projector, text_alignment


@dataclass(frozen=True)
class IRLLRecHyper:
    """Weights and temperatures of IRLLRec's four terms; a zero weight ablates its term."""

    profile_weight: float = hyper(1e-2, "weight of the profile term", 1e-4, 1.0, log=True)
    profile_tau: float = hyper(0.2, "temperature of the profile term", 0.05, 1.0)
    intent_weight: float = hyper(2e-2, "weight of pairwise alignment", 1e-4, 1.0, log=True)
    intent_tau: float = hyper(0.2, "temperature of pairwise alignment", 0.05, 1.0)
    translation_weight: float = hyper(1e-7, "weight of translation alignment", 1e-7, 1e-2, log=True)
    momentum_weight: float = hyper(1e-7, "weight of momentum distillation", 1e-7, 1e-2, log=True)
    n_intents: int = hyper(128, "number of prototypes K a side, unless the backbone has its own",
                           8, 512, log=True)  # fmt: skip


class IRLLRec(Alignment):
    """Profile, pairwise, translation and momentum terms.

    A term's parameters exist only while it has weight, so that IRLLRec with only ``profile`` is
    RLMRec-Con to the last bit. Text never enters scoring.

    Paper: IRLLRec (SIGIR 2025), section 4.
    Differs: the paper draws translation noise as additive and partners it with the intent view;
    this is the release's multiplicative noise and node partner. The release knows translation and
    momentum over LightGCN only.
    """

    profile_text: Tensor
    intent_text: Tensor

    def __init__(
        self,
        options: IRLLRecHyper,
        graph: Graph,
        text: TextRows,
        embedding_size: int,
        *,
        lends_intent: bool = False,
    ) -> None:
        """``lends_intent``: the backbone's encoding brings an intent view, so none is learned."""
        super().__init__()
        self.options, self.graph = options, graph
        self.draw_noise = torch.randn_like
        self.register_buffer("profile_text", text.profile, persistent=False)
        self.register_buffer("intent_text", text.intent, persistent=False)
        if options.profile_weight:
            self.profile_projector = projector(text.profile.shape[1], embedding_size)
        if options.intent_weight and not lends_intent:
            self.user_prototypes = prototype_table(embedding_size, options.n_intents)
            self.item_prototypes = prototype_table(embedding_size, options.n_intents)
        if options.intent_weight or options.translation_weight or options.momentum_weight:
            self.intent_projector = projector(text.intent.shape[1], embedding_size)
        if options.momentum_weight:
            self.teacher = Teacher(self.intent_projector)

    def before_step(self) -> None:
        """Move the teacher, before its rows are used."""
        if self.options.momentum_weight:
            self.teacher.update(self.intent_projector)

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """``profile``, ``intent``, ``translation`` and ``momentum``, unweighted."""
        options, nodes, users = self.options, encoding.nodes, encoding.users
        text = once(lambda: self.intent_projector(self.intent_text))
        translation = once(lambda: self._translation(text(), nodes))

        def profile() -> Tensor:
            rows = self.profile_projector(self.profile_text)
            return text_alignment(nodes, rows, users, batch, options.profile_tau)

        def intent() -> Tensor:
            view = self._intent_view(encoding)
            return text_alignment(view, text(), users, batch, options.intent_tau)

        def momentum() -> Tensor:
            matching = 0.6 * self._matching(text())
            if not options.translation_weight:
                return matching
            return 0.4 * options.translation_weight * translation() + matching

        return {
            "profile": profile,
            "intent": intent,
            "translation": translation,
            "momentum": momentum,
        }

    def _intent_view(self, encoding: Encoding) -> Tensor:
        if encoding.intent is not None:
            return encoding.intent
        return intent_view(self.graph, encoding.layers, self.user_prototypes, self.item_prototypes)

    def _translation(self, text: Tensor, nodes: Tensor) -> Tensor:
        """Contrast of noisy text rows with noisy node rows over all N nodes, temperature 1."""
        noisy_text = text + text * self.draw_noise(text)
        noisy_nodes = nodes + nodes * self.draw_noise(nodes)
        return info_nce(noisy_text, noisy_nodes, noisy_nodes, 1.0)

    def _matching(self, text: Tensor) -> Tensor:
        """Interaction-text matching: cross entropy of the student against the teacher."""
        target = functional.softmax(self.teacher(self.intent_text), dim=1)
        return -(target * functional.log_softmax(text, dim=1)).sum(1).mean()
