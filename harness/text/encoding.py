"""From the texts of all nodes to a table of rows, kept where a folder is given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from harness.data.dataset import Texts
from harness.text.encoders import EncoderSpec
from harness.text.reduction import Reduction
from harness.text.row_cache import Watcher, cached_rows, cached_table
from harness.text.rows import TextTable

UNSEEN = {"base_url", "key_variable", "timeout_s", "tries", "batch"}
"""How a server is reached is no part of what it makes."""


def encode_texts(
    encoder: EncoderSpec,
    texts: Texts,
    users: np.ndarray,
    items: np.ndarray,
    cache: Path | None = None,
    reduction: Reduction | None = None,
    watch: Watcher | None = None,
) -> TextTable:
    """Encode profiles of users and items together, then intents; rows of length one.

    Args:
        encoder: The encoder's settings.
        texts: The texts of all nodes.
        users: User tokens, [U].
        items: Item tokens, [I].
        cache: Folder of rows made before; none are kept without.
        reduction: Fewer directions, for profiles and for intents; the notes say what was kept.
        watch: Told how many texts are encoded.

    Raises:
        InputError: The encoder refuses, or the rows have fewer directions than ``reduction`` keeps.
    """
    made, notes = {}, []
    for kind in ("profile", "intent"):
        user, item = getattr(texts, f"user_{kind}"), getattr(texts, f"item_{kind}")
        rows = _unit(_encoded(encoder, [*user, *item], cache, watch))
        if reduction is not None:
            rows, kept = reduction.apply(rows)
            rows = _unit(rows)
            notes.append(f"{kind} rows are {reduction.words} that keep {kept:.1%} of the variance")
        made[f"user_{kind}"], made[f"item_{kind}"] = rows[: len(user)], rows[len(user) :]
    return TextTable(users, items, **made, recipe=recipe(encoder), notes=tuple(notes))


def recipe(encoder: EncoderSpec) -> str:
    """What identifies an encoder."""
    return json.dumps(encoder.model_dump(exclude=UNSEEN), sort_keys=True)


def _encoded(encoder: EncoderSpec, texts: list[str], cache: Path | None, watch: Watcher | None) -> np.ndarray:
    """Encode, or read what the same encoder made of the same texts before."""
    if cache is None:
        return encoder.encode(texts)
    if encoder.one_by_one:
        return cached_rows(cache, recipe(encoder), texts, encoder.encode, watch)
    return cached_table(cache, recipe(encoder), texts, encoder.encode)


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length one; zeros stay zeros."""
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
