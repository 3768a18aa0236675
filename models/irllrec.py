"""IRLLRec: language-model intents aligned with interaction intents, over any backbone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from models.core import Alignment, Batch, Encoding, Terms
from models.graph import Graph
from models.hyper import LOWEST_TAU, hyper, products_of, when
from models.intents import Teacher, intent_view, prototype_table
from models.losses import info_nce
from models.matching import cross_entropy, similarity_matching
from models.products import Rows, take
from models.text import TextRows, once, projector, text_alignment


@dataclass(frozen=True)
class IRLLRecHyper:
    """Weights and temperatures of IRLLRec's four terms; a zero weight ablates its term."""

    products: str = products_of("profile", "intent", "translation")
    profile_weight: float = hyper(1e-2, "weight of the profile term", 1e-4, 1.0, log=True,
                                  weighs="profile")  # fmt: skip
    profile_tau: float = hyper(0.2, "temperature of the profile term", 0.05, 1.0, minimum=LOWEST_TAU,
                               read_by=("profile",))  # fmt: skip
    intent_weight: float = hyper(2e-2, "weight of pairwise alignment", 1e-4, 1.0, log=True,
                                 weighs="intent")  # fmt: skip
    intent_tau: float = hyper(0.2, "temperature of pairwise alignment, and of matching by similarity",
                              0.05, 1.0, minimum=LOWEST_TAU,
                              read_by=("intent", when("momentum", matching="similarity")))  # fmt: skip
    translation_weight: float = hyper(1e-7, "weight of translation alignment", 1e-7, 1e-2, log=True,
                                      weighs="translation")  # fmt: skip
    translation_noise: str = hyper("multiplicative", "noise of translation alignment",
                                   choices=("multiplicative", "additive"),
                                   read_by=("translation",))  # fmt: skip
    translation_partner: str = hyper("nodes", "what text is translated to: node rows or the intent view",
                                     choices=("nodes", "intent"), read_by=("translation",))  # fmt: skip
    translation_nodes: str | int = hyper("all", "nodes that translation and distillation average over: "
                                         "all, those of the batch, or as many drawn as said",
                                         low=1, choices=("all", "batch"),
                                         read_by=("translation",
                                                  when("momentum", matching="distillation")))  # fmt: skip
    momentum_weight: float = hyper(1e-7, "weight of momentum distillation", 1e-7, 1e-2, log=True,
                                   weighs="momentum")  # fmt: skip
    teacher_start: str = hyper("copy", "what the teacher starts from: the student, or a draw of its own",
                               choices=("copy", "draw"), read_by=("momentum",))  # fmt: skip
    matching: str = hyper("distillation", "matching: text with its teacher, or text with interactions",
                          choices=("distillation", "similarity"), read_by=("momentum",))  # fmt: skip
    n_intents: int = hyper(128, "number of prototypes K a side, unless the backbone has its own",
                           8, 512, log=True, tuned=False,
                           read_by=("intent", when("translation", translation_partner="intent"),
                                    when("momentum", matching="similarity")))  # fmt: skip

    @property
    def reads_intents(self) -> bool:
        """Whether a term reads the interactions' intent view."""
        translated = self.translation_weight and self.translation_partner == "intent"
        matched = self.momentum_weight and self.matching == "similarity"
        return bool(self.intent_weight or translated or matched)

    @property
    def reads_all_text(self) -> bool:
        """Whether a term reads every node's intent text."""
        distilled = self.momentum_weight and self.matching == "distillation"
        return self.translation_nodes == "all" and bool(self.translation_weight or distilled)


class IRLLRec(Alignment):
    """Profile, pairwise, translation and momentum terms.

    A term's parameters exist only while it has weight, so that IRLLRec with only ``profile`` is
    RLMRec-Con to the last bit. Text never enters scoring.

    Paper: IRLLRec (SIGIR 2025), section 4.
    Differs: defaults are the release's multiplicative noise, node partner and distillation; the
    paper's figure shows ``translation_noise="additive"``, ``translation_partner="intent"`` and
    ``matching="similarity"``. The release knows translation and momentum over LightGCN only.
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
        if options.reads_intents and not lends_intent:
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
        """Move the teacher, before its rows are used."""
        if self.options.momentum_weight:
            self.teacher.update(self.intent_projector)

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """``profile``, ``intent``, ``translation`` and ``momentum``, unweighted."""
        options, nodes, users = self.options, encoding.nodes, encoding.users
        view = once(lambda: self._intent_view(encoding))
        all_text = once(lambda: self.intent_projector(self.intent_text))
        sample = once(lambda: self._sample(batch))

        def text(chosen: Rows) -> Tensor:
            if options.reads_all_text:
                return take(all_text(), chosen)
            return self.intent_projector(take(self.intent_text, chosen))

        def profile() -> Tensor:
            project = self.profile_projector
            return text_alignment(
                nodes, lambda chosen: project(take(self.profile_text, chosen)), users, batch,
                options.profile_tau, options.products,
            )  # fmt: skip

        def intent() -> Tensor:
            return text_alignment(view(), text, users, batch, options.intent_tau, options.products)

        def translation() -> Tensor:
            partner = view() if options.translation_partner == "intent" else nodes
            chosen, share = sample()
            return self._translation(text(chosen), partner, chosen, share)

        def matching() -> Tensor:
            if options.matching == "distillation":
                chosen, share = sample()
                return share @ cross_entropy(self._taught(chosen), text(chosen))
            return self._similarity(view(), text, batch)

        shared = once(translation)
        momentum = partial(self._momentum, shared, matching)
        return {"profile": profile, "intent": intent, "translation": shared, "momentum": momentum}

    def compared(self, encoding: Encoding) -> tuple[Tensor, ...]:
        """E^0 .. E^{L-1}, of which the intent view is made."""
        return encoding.layers[:-1]

    def _intent_view(self, encoding: Encoding) -> Tensor:
        if encoding.intent is not None:
            return encoding.intent
        return intent_view(self.graph, encoding.layers, self.user_prototypes, self.item_prototypes)

    def _sample(self, batch: Batch) -> tuple[Rows, Tensor]:
        """Nodes [n] and their shares [n] in an unbiased mean over all N nodes.

        ``batch``: a node with d train pairs stands d * B / E times among a batch's users and
        positives on average, so each time counts E / (B d N). Nodes without train pairs never do.
        """
        nodes, wanted = self.graph.nodes, self.options.translation_nodes
        device = self.intent_text.device
        if wanted == "all":
            return slice(0, nodes), torch.full((nodes,), 1.0 / nodes, device=device)
        if wanted == "batch":
            drawn = torch.cat([batch.user, self.graph.users + batch.positive])
            node, repeats = drawn.unique(return_counts=True)
            edges, size = len(self.graph.user_columns), len(batch.user)
            return node, repeats / self.graph.degrees()[node] * (edges / size / nodes)
        count = min(int(wanted), nodes)
        return torch.randperm(nodes, device=device)[:count], torch.full((count,), 1.0 / count, device=device)

    def _translation(self, text: Tensor, partner: Tensor, chosen: Rows, share: Tensor) -> Tensor:
        """Contrast of noisy text rows with noisy partner rows against all N, temperature 1."""
        noisy_text, noisy_partner = self._noisy(text), self._noisy(partner)
        own = noisy_partner if isinstance(chosen, slice) else take(noisy_partner, chosen)
        loss = info_nce(
            noisy_text, own, noisy_partner, 1.0,
            repeats=share, products=self.options.products,
        )  # fmt: skip
        return share.sum() * loss

    def _similarity(self, view: Tensor, text: Callable[[Rows], Tensor], batch: Batch) -> Tensor:
        """Matching of the batch's intent view with text, both sides apart."""
        sides = (batch.user.unique(), self.graph.users + batch.positive.unique())
        rows = [(take(view, side), text(side), self._taught(side)) for side in sides]
        return similarity_matching(rows, self.options.intent_tau)

    def _taught(self, chosen: Rows) -> Tensor:
        return self.teacher(take(self.intent_text, chosen))

    def _momentum(self, translation: Callable[[], Tensor], matching: Callable[[], Tensor]) -> Tensor:
        """.4 of the weighted translation, unless it is ablated, and .6 of the matching."""
        if not self.options.translation_weight:
            return 0.6 * matching()
        return 0.4 * self.options.translation_weight * translation() + 0.6 * matching()

    def _noisy(self, rows: Tensor) -> Tensor:
        noise = self.draw_noise(rows)
        return rows + (rows * noise if self.options.translation_noise == "multiplicative" else noise)
