"""Builds the intents of a dataset: estimates, requests and encodes. No answered request is made again."""

from __future__ import annotations

import logging
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.dataset import Dataset
from harness.text.intents.budget import Tokens, guess
from harness.text.intents.client import RequestSender, Tally
from harness.text.intents.documents import TrainLog
from harness.text.intents.extractive import ExtractiveWriter
from harness.text.intents.prompts import Request, Side
from harness.text.intents.reply_journal import KeptReply, ReplyJournal
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.table import encode, replies_folder
from harness.text.intents.writer import ModelWriter, NodeTexts
from harness.text.intents.written_texts import WrittenTexts, profile_of, write_texts
from harness.text.row_cache import Watcher

logger = logging.getLogger(__name__)

ANSWER_SHARE = 0.5
"""The share of `answer_tokens` that an answer is estimated to have while no answer is kept."""


@dataclass
class BuildResult:
    """The texts that are written, the tally of the requests, and whether ``run`` can use the texts."""

    written: WrittenTexts
    tally: Tally
    ready: bool


def build(
    spec: IntentsSpec, dataset: Dataset, cache: Path, watch: Watcher, limit: int | None = None
) -> BuildResult:
    """Have the missing texts written, and encode all texts if none is missing in the end.

    Only rows of an encoder that takes texts one by one are made here. TF-IDF, which is fitted to all texts,
    is left to the run that needs it.

    Args:
        spec: The plan's specification.
        dataset: Only its train pairs are read, with their reviews and the facts about items.
        cache: The store's folder of texts.
        watch: Is told how far the build is.
        limit: Most users, and most items, that a language model is asked about. Those with the most train
            pairs are chosen.

    Raises:
        InputError: The server's key is missing, or the server does not work. Answered requests are kept.
    """
    log, tally = TrainLog.of(dataset), Tally()
    written = _write(spec, log, cache, tally, watch, limit)
    if cut_off := written.count("cut off by answer_tokens"):
        logger.warning(
            "%s texts are missing because the model was cut off. Raise `answer_tokens` in `writer`; then all "
            "texts are requested anew.",
            f"{cut_off:,}",
        )
    ready = tally.complete and (not written.count("unanswered") or _allows_documents(spec))
    if ready and spec.encoder.one_by_one:
        encode(spec, log, written, cache, watch)
    return BuildResult(written, tally, ready)


def _write(
    spec: IntentsSpec, log: TrainLog, cache: Path, tally: Tally, watch: Watcher, limit: int | None
) -> WrittenTexts:
    if not isinstance(spec.writer, ModelWriterSpec):
        return write_texts(log, spec.documents, ExtractiveWriter(spec.writer))
    replies = ReplyJournal(replies_folder(cache), spec.writer.model)
    with replies.adding():
        return write_texts(log, spec.documents, _requesting_writer(spec.writer, replies, tally, watch, limit))


def _allows_documents(spec: IntentsSpec) -> bool:
    return isinstance(spec.writer, ModelWriterSpec) and spec.writer.unanswered == "document"


def _requesting_writer(
    spec: ModelWriterSpec, replies: ReplyJournal, tally: Tally, watch: Watcher, limit: int | None
) -> ModelWriter:
    """A writer that requests what is missing.

    Users are only asked about once every item has its answer, since their documents quote it.
    """

    def send(side: Side, requests: list[Request]) -> None:
        if tally.complete:
            sender.send(requests, watch(f"{side}s", len(requests)))

    writer = ModelWriter(spec, replies, send, limit)
    sender = RequestSender(spec, replies, writer.outcome_or_request, tally)
    return writer


@dataclass
class Estimate:
    """What a build would take.

    Attributes:
        requests: Number of requests that are still to be made. Repairs are not counted.
        kept: Number of requests that are answered.
        tokens: Estimated from the length of the requests and the mean length of kept answers.
        cost: In the currency of the plan's price; None without a price.
        seconds_s: At the speed of kept answers and within the limits per minute; None if both are unknown.
    """

    requests: int = 0
    kept: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    cost: float | None = None
    seconds_s: float | None = None


def estimate(spec: IntentsSpec, dataset: Dataset, cache: Path, limit: int | None = None) -> Estimate:
    """What ``build`` would take. Nothing is requested, and no key is needed."""
    total, writer = Estimate(), spec.writer
    if not isinstance(writer, ModelWriterSpec):
        return total
    replies = ReplyJournal(replies_folder(cache), writer.model)
    kept = list(replies.all())
    answer = (
        statistics.mean(reply.output_tokens for reply in kept)
        if kept
        else writer.answer_tokens * ANSWER_SHARE
    )
    missing: set[str] = set()

    def count(side: Side, requests: list[Request]) -> None:
        for request in requests:
            needed = model.outcome_or_request(request)
            if isinstance(needed, Request):
                missing.add(request.key)
                total.requests += 1
                total.tokens += guess(needed.messages, answer)
            else:
                total.kept += 1

    def quoted(item: NodeTexts) -> str:
        """What the document of a user will quote: the document of an item whose profile is still missing."""
        is_missing = any(request.key in missing for request in model.requests("item", item.document)[:1])
        return item.document if is_missing else profile_of(item)

    model = ModelWriter(writer, replies, count, limit)
    write_texts(TrainLog.of(dataset), spec.documents, model, quoted)
    if writer.price:
        total.cost = writer.price.of(total.tokens.input, total.tokens.output)
    total.seconds_s = _seconds(writer, total, kept)
    return total


def _seconds(writer: ModelWriterSpec, total: Estimate, kept: list[KeptReply]) -> float | None:
    """The longest of the times that the limits per minute and the speed of kept answers ask for."""
    times = []
    if writer.requests_per_minute:
        times.append(total.requests * 60 / writer.requests_per_minute)
    if writer.tokens_per_minute:
        times.append(total.tokens.total * 60 / writer.tokens_per_minute)
    if kept:
        times.append(total.requests * statistics.mean(reply.seconds_s for reply in kept) / writer.concurrency)
    return max(times, default=None)
