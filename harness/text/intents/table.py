"""Makes text rows of written profiles and intents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from harness.data.dataset import Dataset, digest
from harness.errors import InputError
from harness.text.encoding import encode_texts, recipe
from harness.text.intents.documents import TrainLog
from harness.text.intents.extractive import ExtractiveSpec, ExtractiveWriter
from harness.text.intents.reply_journal import ReplyJournal
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.writer import ModelWriter, Writer
from harness.text.intents.written_texts import WrittenTexts, write_texts
from harness.text.row_cache import Watcher
from harness.text.rows import TextTable


def replies_folder(cache: Path | None) -> Path | None:
    """The folder of kept replies, beside the encoded rows; None if nothing is kept."""
    return cache / "replies" if cache else None


def intent_table(
    spec: IntentsSpec, dataset: Dataset, cache: Path | None = None, watch: Watcher | None = None
) -> TextTable:
    """The text rows of a dataset. No language model is asked.

    Raises:
        InputError: The dataset has nothing to write from, or `intents build` has yet to ask for some texts.
    """
    log = TrainLog.of(dataset)
    return encode(spec, log, written_so_far(spec, log, cache), cache, watch)


def written_so_far(spec: IntentsSpec, log: TrainLog, cache: Path | None) -> WrittenTexts:
    """The profiles and intents that are written so far. No language model is asked."""
    return write_texts(log, spec.documents, _writer(spec, cache))


def _writer(spec: IntentsSpec, cache: Path | None) -> Writer:
    if isinstance(spec.writer, ExtractiveSpec):
        return ExtractiveWriter(spec.writer)
    return ModelWriter(spec.writer, ReplyJournal(replies_folder(cache), spec.writer.model))


def encode(
    spec: IntentsSpec, log: TrainLog, written: WrittenTexts, cache: Path | None, watch: Watcher | None = None
) -> TextTable:
    """The text rows of written profiles and intents. A note says how many of them are documents.

    Raises:
        InputError: Some texts were not asked for yet, and the plan does not let documents stand in for them.
    """
    _refuse_unanswered(spec, written)
    texts = written.texts()
    table = encode_texts(spec.encoder, texts, log.users, log.items, cache, spec.reduce, watch)
    parts = {
        "writer": _identity(spec),
        "documents": spec.documents.model_dump(),
        "texts": digest("\0".join(part or ()).encode() for part in texts),
        "encoder": recipe(spec.encoder),
        "reduce": spec.reduce.model_dump() if spec.reduce else None,
        "rows": "float32, of length one",
    }
    notes = (_origin(spec), *written.notes(), *table.notes)
    return replace(table, recipe=json.dumps(parts, sort_keys=True), notes=notes)


def _identity(spec: IntentsSpec) -> str:
    """All that determines the texts, without the settings that say how a server is reached."""
    writer = spec.writer
    if isinstance(writer, ModelWriterSpec):
        prompts = writer.filled_prompts()
        return json.dumps([prompts.model, prompts.texts, prompts.language, prompts.words], sort_keys=True)
    return writer.model_dump_json()


def _origin(spec: IntentsSpec) -> str:
    writer = spec.writer
    if isinstance(writer, ModelWriterSpec):
        return f"the profiles and intents were written by {writer.model} with the prompts {writer.prompts}"
    return "the profiles and intents are key phrases of train reviews; no language model wrote them"


def _refuse_unanswered(spec: IntentsSpec, written: WrittenTexts) -> None:
    unanswered = written.count("unanswered")
    if unanswered and isinstance(spec.writer, ModelWriterSpec) and spec.writer.unanswered == "refuse":
        raise InputError(
            f"{unanswered} of {written.outputs} texts of {spec.writer.model} are not written yet; type "
            "`intentbench intents build PLAN` to have them written, or set `unanswered: document` in "
            "`writer` to use the documents in their place"
        )
