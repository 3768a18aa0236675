"""Written intents as text rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from harness.data.dataset import Dataset, digest
from harness.errors import InputError
from harness.text.encoding import encode_texts, recipe
from harness.text.intents.cache import Replies
from harness.text.intents.compose import Composition, compose
from harness.text.intents.documents import TrainLog
from harness.text.intents.extractive import ExtractiveSpec, ExtractiveWriter
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.writer import ModelWriter, Writer
from harness.text.row_cache import Watcher
from harness.text.rows import TextTable


def replies_folder(cache: Path | None) -> Path | None:
    """Where replies are kept beside encoded rows."""
    return cache / "replies" if cache else None


def intent_table(
    spec: IntentsSpec, dataset: Dataset, cache: Path | None = None, watch: Watcher | None = None
) -> TextTable:
    """The text rows of a dataset; asks no language model.

    Raises:
        InputError: The dataset has nothing to write from, or a build has yet to ask about documents.
    """
    log = TrainLog.of(dataset)
    return encode(spec, log, written_so_far(spec, log, cache), cache, watch)


def written_so_far(spec: IntentsSpec, log: TrainLog, cache: Path | None) -> Composition:
    """What is written; asks no language model."""
    return compose(log, spec.documents, _writer(spec, cache))


def _writer(spec: IntentsSpec, cache: Path | None) -> Writer:
    if isinstance(spec.writer, ExtractiveSpec):
        return ExtractiveWriter(spec.writer)
    return ModelWriter(spec.writer, Replies(replies_folder(cache), spec.writer.model))


def encode(
    spec: IntentsSpec, log: TrainLog, written: Composition, cache: Path | None, watch: Watcher | None = None
) -> TextTable:
    """Rows of what was written; fallbacks are documents, and the notes say how many.

    Raises:
        InputError: Documents without an answer are refused by the plan.
    """
    _refuse_unanswered(spec, written)
    texts = written.texts()
    table = encode_texts(spec.encoder, texts, log.users, log.items, cache, spec.reduce, watch)
    parts = {
        "writer": _identity(spec),
        "documents": spec.documents.model_dump(),
        "texts": digest("\0".join(part).encode() for part in texts),
        "encoder": recipe(spec.encoder),
        "reduce": spec.reduce.model_dump() if spec.reduce else None,
        "rows": "float32, of length one",
    }
    notes = (_origin(spec), *written.notes(), *table.notes)
    return replace(table, recipe=json.dumps(parts, sort_keys=True), notes=notes)


def _identity(spec: IntentsSpec) -> str:
    """What determines the words, but not how a server is reached."""
    writer = spec.writer
    if isinstance(writer, ModelWriterSpec):
        prompts = writer.filled_prompts()
        return json.dumps([prompts.model, prompts.texts, prompts.language, prompts.words], sort_keys=True)
    return writer.model_dump_json()


def _origin(spec: IntentsSpec) -> str:
    writer = spec.writer
    if isinstance(writer, ModelWriterSpec):
        return f"profiles and intents are written by {writer.model}, prompts {writer.prompts}"
    return "profiles and intents are extractive: key phrases of train reviews, no language model's words"


def _refuse_unanswered(spec: IntentsSpec, written: Composition) -> None:
    unanswered = written.count("unanswered")
    if unanswered and isinstance(spec.writer, ModelWriterSpec) and spec.writer.unanswered == "refuse":
        raise InputError(
            f"{unanswered} of {written.outputs} texts of {spec.writer.model} are not written yet; "
            "`intentbench intents build PLAN` asks for them, or say `unanswered: document`"
        )
