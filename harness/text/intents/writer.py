"""Writers: what turns documents into profiles and intents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from harness.text.intents.answers import FALLBACKS, Fate, Outcome, Output, Unreadable, read
from harness.text.intents.cache import Replies
from harness.text.intents.documents import TrainLog
from harness.text.intents.prompts import Ask, Side
from harness.text.intents.settings import ModelWriterSpec

OUTPUTS: tuple[Output, ...] = ("profile", "intent")


class Written(NamedTuple):
    """What was written of one node."""

    document: str
    profile: Outcome
    intent: Outcome

    def text(self, output: Output) -> str:
        """The profile or intent; the document itself where there is none."""
        outcome: Outcome = getattr(self, output)
        return outcome.answer.text if outcome.answer else self.document

    def fate(self, output: Output) -> Fate:
        """What became of the profile or intent."""
        outcome: Outcome = getattr(self, output)
        return outcome.fate

    @property
    def fallbacks(self) -> list[Output]:
        """The outputs that are the document itself."""
        return [output for output in OUTPUTS if self.fate(output) in FALLBACKS]


class Writer(Protocol):
    """Anything that writes profiles and intents."""

    def write(self, side: Side, log: TrainLog, documents: Sequence[str]) -> list[Written]:
        """One entry a document, [n], in order."""


class ModelWriter:
    """A language model; writes from kept replies, and asks for the others where it is told to."""

    def __init__(
        self,
        spec: ModelWriterSpec,
        replies: Replies,
        ask: Callable[[Side, list[Ask]], None] | None = None,
        limit: int | None = None,
    ) -> None:
        """Without ``ask`` nothing is asked.

        Args:
            spec: The plan's.
            replies: What the model ever replied.
            ask: Gets the requests that a side may need, each once, settled ones among them.
            limit: Nodes a side that are asked about, those with most train pairs first.
        """
        self.spec, self.replies, self.ask, self.limit = spec, replies, ask, limit
        self.prompts = spec.filled_prompts()

    def write(self, side: Side, log: TrainLog, documents: Sequence[str]) -> list[Written]:
        """One entry a document, from kept replies."""
        asks = [self.asks(side, document) for document in documents]
        if self.ask is not None:
            chosen = self._busiest(side, log, len(documents))
            # One output after the other: servers keep what consecutive prompts have in common.
            ordered = [asks[node][place] for place in range(len(OUTPUTS)) for node in chosen if asks[node]]
            self.ask(side, list({ask.key: ask for ask in ordered}.values()))
        return [
            Written(document, *[self.outcome(ask) for ask in pair])
            if pair
            else Written(document, Outcome("no document"), Outcome("no document"))
            for document, pair in zip(documents, asks, strict=True)
        ]

    def step(self, ask: Ask) -> Outcome | Ask:
        """The outcome of a request, or the request still to be made: itself, or one repair."""
        kept = self.replies.get(ask.key)
        if kept is None:
            return ask
        try:
            return read(kept.reply, ask.output, self.spec.most_words)
        except Unreadable as error:
            again = self.prompts.repair(ask, kept.reply, str(error))
        kept = self.replies.get(again.key)
        if kept is None:
            return again
        try:
            found = read(kept.reply, ask.output, self.spec.most_words)
        except Unreadable:
            return Outcome("unreadable")
        return found._replace(fate="repaired") if found.answer else found

    def asks(self, side: Side, document: str) -> list[Ask]:
        """The first requests for a document; none for an empty one."""
        return [self.prompts.ask(side, output, document) for output in OUTPUTS] if document else []

    def outcome(self, ask: Ask) -> Outcome:
        """What became of a request as far as replies are kept."""
        step = self.step(ask)
        return Outcome("unanswered") if isinstance(step, Ask) else step

    def _busiest(self, side: Side, log: TrainLog, count: int) -> np.ndarray:
        """The nodes to ask about, in the order of their numbers."""
        degree = np.bincount(log.pairs[:, 0 if side == "user" else 1], minlength=count)
        return np.sort(np.argsort(-degree, kind="stable")[: self.limit])
