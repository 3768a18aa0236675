"""IRLLRec: intents that a language model wrote, aligned with intents from interactions, over any backbone."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from models.core import Alignment, Backbone, Batch, Encoding, Terms
from models.graph import Graph
from models.hyper import IRLLRecHyper
from models.intents import Teacher, intent_view, prototype_table
from models.losses import info_nce
from models.matching import cross_entropy, similarity_matching
from models.products import Rows, take
from models.text import TextRows, once, projector, text_alignment


class IRLLRec(Alignment):
    """Four terms: ``profile``, ``intent``, ``translation`` and ``momentum``.

    The parameters of a term exist only while it has weight, so that IRLLRec with ``profile`` alone
    equals RLMRec-Con bit for bit. Scores read no text.

    Paper: IRLLRec (SIGIR 2025), section 4.
    Differs: the defaults are those of the release: multiplicative noise, node embeddings as translation
    partner, and distillation. The paper's figure shows ``translation_noise="additive"``,
    ``translation_partner="intent"`` and ``matching="similarity"``. In the release, only IRLLRec over
    LightGCN has the terms ``translation`` and ``momentum``.
    """

    profile_text: Tensor
    intent_text: Tensor

    def __init__(
        self,
        options: IRLLRecHyper,
        graph: Graph,
        embedding_size: int,
        text: TextRows,
        backbone: Backbone,
    ) -> None:
        """Prototypes are learned here if a term reads the intent view and ``backbone`` has none."""
        super().__init__()
        self.options, self.graph = options, graph
        self.draw_noise = torch.randn_like
        self.register_buffer("profile_text", text.profile, persistent=False)
        self.register_buffer("intent_text", text.intent, persistent=False)
        if options.profile_weight:
            self.profile_projector = projector(text.profile.shape[1], embedding_size)
        if options.reads_intents and not backbone.lends_intent:
            self.user_prototypes = prototype_table(embedding_size, options.n_intents)
            self.item_prototypes = prototype_table(embedding_size, options.n_intents)
        if options.intent_weight or options.translation_weight or options.momentum_weight:
            self.intent_projector = projector(text.intent.shape[1], embedding_size)
        if options.momentum_weight:
            start = self.intent_projector
            if options.teacher_start == "draw":
                start = projector(text.intent.shape[1], embedding_size)
            self.teacher = Teacher(start)

    def before_step(self) -> None:
        """Move the teacher towards its student, before the losses read it."""
        if self.options.momentum_weight:
            self.teacher.update(self.intent_projector)

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """``profile``, ``intent``, ``translation`` and ``momentum``, unweighted."""
        options, nodes, users = self.options, encoding.nodes, encoding.users
        view = once(lambda: self._intent_view(encoding))
        all_text = once(lambda: self.intent_projector(self.intent_text))
        sample = once(lambda: self._sample(batch))

        def text(rows: Rows) -> Tensor:
            if options.reads_all_text:
                return take(all_text(), rows)
            return self.intent_projector(take(self.intent_text, rows))

        def profile() -> Tensor:
            project = self.profile_projector
            return text_alignment(
                nodes, lambda rows: project(take(self.profile_text, rows)), users, batch,
                options.profile_tau, options.products,
            )  # fmt: skip

        def intent() -> Tensor:
            return text_alignment(view(), text, users, batch, options.intent_tau, options.products)

        @once
        def translation() -> Tensor:
            partner = view() if options.translation_partner == "intent" else nodes
            anchors, share = sample()
            return self._translation(text(anchors), partner, anchors, share)

        def matching() -> Tensor:
            if options.matching == "distillation":
                anchors, share = sample()
                return share @ cross_entropy(self._teacher_text(anchors), text(anchors))
            return self._similarity(view(), text, batch)

        def momentum() -> Tensor:
            if not options.translation_weight:
                return 0.6 * matching()
            return 0.4 * options.translation_weight * translation() + 0.6 * matching()

        return {"profile": profile, "intent": intent, "translation": translation, "momentum": momentum}

    def compared(self, encoding: Encoding) -> tuple[Tensor, ...]:
        """The tables [N, D] that are compared with the prototypes: E^0 .. E^{L-1}."""
        return encoding.layer_inputs

    def _intent_view(self, encoding: Encoding) -> Tensor:
        if encoding.intent is not None:
            return encoding.intent
        return intent_view(self.graph, encoding.layer_inputs, self.user_prototypes, self.item_prototypes)

    def _sample(self, batch: Batch) -> tuple[Rows, Tensor]:
        """Nodes [n] and their shares [n], whose weighted mean is an unbiased estimate of that of all N nodes.

        With ``batch``, a node with d of the E train pairs is on average d * B / E times among the batch's
        users and positives, so that each occurrence counts E / (B d N). Nodes without train pairs have no
        share.
        """
        nodes, wanted = self.graph.nodes, self.options.translation_nodes
        device = self.intent_text.device
        if wanted == "all":
            return slice(0, nodes), torch.full((nodes,), 1.0 / nodes, device=device)
        if wanted == "batch":
            in_batch = torch.cat([batch.user, self.graph.users + batch.positive])
            node, repeats = in_batch.unique(return_counts=True)
            edges, size = len(self.graph.user_columns), len(batch.user)
            return node, repeats / self.graph.degrees()[node] * (edges / size / nodes)
        count = min(int(wanted), nodes)
        return torch.randperm(nodes, device=device)[:count], torch.full((count,), 1.0 / count, device=device)

    def _translation(self, text: Tensor, partner: Tensor, anchors: Rows, share: Tensor) -> Tensor:
        """Contrast noisy text of the ``anchors`` with noisy partner rows of all N nodes, at temperature 1."""
        noisy_text, noisy_partner = self._noisy(text), self._noisy(partner)
        own = noisy_partner if isinstance(anchors, slice) else take(noisy_partner, anchors)
        loss = info_nce(
            noisy_text, own, noisy_partner, 1.0,
            repeats=share, products=self.options.products,
        )  # fmt: skip
        return share.sum() * loss

    def _similarity(self, view: Tensor, text: Callable[[Rows], Tensor], batch: Batch) -> Tensor:
        """Match the intent view with text, among the batch's users and among its positives."""
        sides = (batch.user.unique(), self.graph.users + batch.positive.unique())
        rows = [(take(view, side), text(side), self._teacher_text(side)) for side in sides]
        return similarity_matching(rows, self.options.intent_tau)

    def _teacher_text(self, rows: Rows) -> Tensor:
        return self.teacher(take(self.intent_text, rows))

    def _noisy(self, rows: Tensor) -> Tensor:
        noise = self.draw_noise(rows)
        return rows + (rows * noise if self.options.translation_noise == "multiplicative" else noise)
