"""Building a dataset's intents: estimate, ask, encode; what has been answered is never asked again."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.dataset import Dataset
from harness.text.intents.budget import Tokens, guess
from harness.text.intents.cache import Replies
from harness.text.intents.client import Asker, Tally
from harness.text.intents.compose import Composition, compose, profile_of
from harness.text.intents.documents import TrainLog
from harness.text.intents.extractive import ExtractiveWriter
from harness.text.intents.prompts import Ask, Side
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.table import encode, replies_folder
from harness.text.intents.writer import ModelWriter, Written
from harness.text.row_cache import Watcher

ANSWER_SHARE = 0.5
"""Of the tokens an answer may have, in estimates before any answer is known."""


@dataclass
class Built:
    """What a build made; not ``ready`` while texts are missing that the plan does not do without."""

    written: Composition
    tally: Tally
    ready: bool


def build(
    spec: IntentsSpec, dataset: Dataset, cache: Path, watch: Watcher, limit: int | None = None
) -> Built:
    """Have every text written that is not yet, and encode them where none is missing.

    Rows of an encoder that takes texts one by one are kept; one that is fitted to all texts, such as
    TF-IDF, waits for the run that needs it.

    Args:
        spec: The plan's words about text.
        dataset: Its train pairs are read, and nothing else of its pairs.
        cache: The store's folder of texts.
        watch: Told how far it is.
        limit: Users, and items, that a language model is asked about; the busiest first.

    Raises:
        InputError: A key is missing, or the server does not work; what was answered is kept.
    """
    log, tally = TrainLog.of(dataset), Tally()
    written = _write(spec, log, cache, tally, watch, limit)
    ready = tally.complete and (not written.count("unanswered") or _does_without(spec))
    if ready and spec.encoder.one_by_one:
        encode(spec, log, written, cache, watch)
    return Built(written, tally, ready)


def _write(
    spec: IntentsSpec, log: TrainLog, cache: Path, tally: Tally, watch: Watcher, limit: int | None
) -> Composition:
    if not isinstance(spec.writer, ModelWriterSpec):
        return compose(log, spec.documents, ExtractiveWriter(spec.writer))
    replies = Replies(replies_folder(cache), spec.writer.model)
    with replies.adding():
        return compose(log, spec.documents, _asking(spec.writer, replies, tally, watch, limit))


def _does_without(spec: IntentsSpec) -> bool:
    return isinstance(spec.writer, ModelWriterSpec) and spec.writer.unanswered == "document"


def _asking(
    spec: ModelWriterSpec, replies: Replies, tally: Tally, watch: Watcher, limit: int | None
) -> ModelWriter:
    """A writer that asks; users only once every item has its answer, which their documents quote."""

    def ask(side: Side, asks: list[Ask]) -> None:
        if tally.complete:
            asker.ask(asks, watch(f"{side}s", len(asks)))

    writer = ModelWriter(spec, replies, ask, limit)
    asker = Asker(spec, replies, writer.step, tally)
    return writer


@dataclass
class Estimate:
    """What a build would take.

    Attributes:
        requests: To be made; repairs come on top.
        kept: Already answered.
        tokens: About; requests by their length, answers like those that are kept.
        cost: In the plan's currency, or None without a price.
        seconds_s: At the pace of kept answers and within the rate limits, or None while nothing is known.
    """

    requests: int = 0
    kept: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    cost: float | None = None
    seconds_s: float | None = None


def estimate(spec: IntentsSpec, dataset: Dataset, cache: Path, limit: int | None = None) -> Estimate:
    """What ``build`` would take; asks nothing, and needs no key."""
    found, writer = Estimate(), spec.writer
    if not isinstance(writer, ModelWriterSpec):
        return found
    replies = Replies(replies_folder(cache), writer.model)
    kept = list(replies.all())
    answer = (
        statistics.mean(each.output_tokens for each in kept) if kept else writer.answer_tokens * ANSWER_SHARE
    )

    open_keys: set[str] = set()

    def count(side: Side, asks: list[Ask]) -> None:
        steps = [model.step(ask) for ask in asks]
        waiting = [step for step in steps if isinstance(step, Ask)]
        open_keys.update(ask.key for ask, step in zip(asks, steps, strict=True) if isinstance(step, Ask))
        found.requests += len(waiting)
        found.kept += len(steps) - len(waiting)
        found.tokens = sum((guess(step.messages, answer) for step in waiting), found.tokens)

    def quoted(item: Written) -> str:
        """What a user's document will quote; its own document for a profile that is still to be written."""
        waits = any(ask.key in open_keys for ask in model.asks("item", item.document)[:1])
        return item.document if waits else profile_of(item)

    model = ModelWriter(writer, replies, count, limit)
    compose(TrainLog.of(dataset), spec.documents, model, quoted)
    if writer.price:
        found.cost = writer.price.of(found.tokens.input, found.tokens.output)
    paces = [found.requests * 60 / writer.requests_per_minute] if writer.requests_per_minute else []
    paces += [found.tokens.total * 60 / writer.tokens_per_minute] if writer.tokens_per_minute else []
    if kept:
        each = statistics.mean(reply.seconds_s for reply in kept)
        paces.append(found.requests * each / writer.concurrency)
    found.seconds_s = max(paces, default=None)
    return found
