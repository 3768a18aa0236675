"""Writers: each makes profiles and intents from documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from harness.text.intents.answers import FALLBACKS, Outcome, Output, Status, Unreadable, read
from harness.text.intents.documents import TrainLog
from harness.text.intents.prompts import Request, Side
from harness.text.intents.reply_journal import ReplyJournal
from harness.text.intents.settings import ModelWriterSpec

OUTPUTS: tuple[Output, ...] = ("profile", "intent")


class NodeTexts(NamedTuple):
    """The document, the profile and the intent of one user or item."""

    document: str
    profile: Outcome
    intent: Outcome

    def text(self, output: Output) -> str:
        """The profile or the intent; the document if there is none."""
        outcome: Outcome = getattr(self, output)
        return outcome.answer.text if outcome.answer else self.document

    def status(self, output: Output) -> Status:
        """What became of the profile or the intent."""
        outcome: Outcome = getattr(self, output)
        return outcome.status

    @property
    def fallbacks(self) -> list[Output]:
        """The outputs that the document stands in for."""
        return [output for output in OUTPUTS if self.status(output) in FALLBACKS]


class Writer(Protocol):
    """What every writer has."""

    def write(self, side: Side, log: TrainLog, documents: Sequence[str]) -> list[NodeTexts]:
        """The texts of every node of a side, [n], in the order of ``documents`` [n]."""


class ModelWriter:
    """Takes texts from the kept replies of a language model, and can have missing ones requested."""

    def __init__(
        self,
        spec: ModelWriterSpec,
        replies: ReplyJournal,
        send: Callable[[Side, list[Request]], None] | None = None,
        limit: int | None = None,
    ) -> None:
        """Make a writer.

        Args:
            spec: The plan's.
            replies: All replies of the model that are kept.
            send: Gets all requests of a side, each once, also those that have a reply. Without it nothing
                is requested.
            limit: Most nodes of a side that are asked about. Those with the most train pairs are chosen.
        """
        self.spec, self.replies, self.send, self.limit = spec, replies, send, limit
        self.prompts = spec.filled_prompts()

    def write(self, side: Side, log: TrainLog, documents: Sequence[str]) -> list[NodeTexts]:
        """The texts of every node of a side, [n], from the replies that are kept in the end."""
        requests = [self.requests(side, document) for document in documents]
        if self.send is not None:
            chosen = self._busiest(side, log, len(documents))
            # All profiles, then all intents: servers keep what consecutive prompts have in common.
            ordered = [
                requests[node][place] for place in range(len(OUTPUTS)) for node in chosen if requests[node]
            ]
            self.send(side, list({request.key: request for request in ordered}.values()))
        return [
            NodeTexts(document, *(self.outcome(request) for request in pair))
            if pair
            else NodeTexts(document, Outcome("no document"), Outcome("no document"))
            for document, pair in zip(documents, requests, strict=True)
        ]

    def requests(self, side: Side, document: str) -> list[Request]:
        """The requests for the profile and the intent of a document; none if the document is empty."""
        return [self.prompts.request(side, output, document) for output in OUTPUTS] if document else []

    def outcome_or_request(self, request: Request) -> Outcome | Request:
        """The outcome of a request as far as replies are kept, or what has to be requested next.

        That is the request itself, or its repair if the reply cannot be read.
        """
        kept = self.replies.get(request.key)
        if kept is None:
            return request
        try:
            return read(kept.reply, request.output, self.spec.most_words)
        except Unreadable as error:
            repair = self.prompts.repair(request, kept.reply, str(error))
        kept = self.replies.get(repair.key)
        if kept is None:
            return repair
        try:
            outcome = read(kept.reply, request.output, self.spec.most_words)
        except Unreadable as error:
            return Outcome(error.status)
        return outcome._replace(status="repaired") if outcome.answer else outcome

    def outcome(self, request: Request) -> Outcome:
        """The outcome of a request as far as replies are kept."""
        outcome = self.outcome_or_request(request)
        return Outcome("unanswered") if isinstance(outcome, Request) else outcome

    def _busiest(self, side: Side, log: TrainLog, count: int) -> np.ndarray:
        """The nodes with the most train pairs, in the order of their numbers."""
        degree = np.bincount(log.pairs[:, 0 if side == "user" else 1], minlength=count)
        return np.sort(np.argsort(-degree, kind="stable")[: self.limit])
