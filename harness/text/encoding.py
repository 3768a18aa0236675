"""Encodes the texts of all users and items, and keeps the rows if a folder is given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from harness.data.dataset import Texts
from harness.data.pairs import pair_matrix
from harness.errors import InputError
from harness.text.encoders import EncoderSpec, OutsideSpec
from harness.text.reduction import Reduction
from harness.text.row_cache import Watcher, cached_rows, cached_table
from harness.text.rows import TextTable

SERVER_SETTINGS = {"base_url", "key_variable", "timeout_s", "tries", "batch"}
"""Settings that say how a server is reached. They do not change the rows, so they are no part of a recipe."""


def encode_texts(
    encoder: EncoderSpec,
    texts: Texts,
    users: np.ndarray,
    items: np.ndarray,
    cache: Path | None = None,
    reduction: Reduction | None = None,
    watch: Watcher | None = None,
    train: np.ndarray | None = None,
) -> TextTable:
    """Encode profiles of users and items together, then intents; rows of length one.

    If users have no texts of their own, items are encoded alone, and a user's row is the mean of the rows of
    the user's train items.

    Args:
        encoder: The encoder's settings.
        texts: The texts of all users and items.
        users: User tokens, [U].
        items: Item tokens, [I].
        cache: Folder of kept rows. Without it nothing is kept.
        reduction: Reduces the rows to fewer columns; a note says how much variance is left.
        watch: Is told how many texts are encoded.
        train: Train pairs as positions, [E, 2]. Needed if users have no texts.

    Raises:
        InputError: The texts cannot be encoded, or the rows have fewer directions than ``reduction`` keeps.
    """
    tables, notes = {}, []
    # Where no intents are given, the intent texts are the profile texts, and so are their rows.
    same = texts[:2] == texts[2:] and reduction is None
    for kind in ("profile",) if same else ("profile", "intent"):
        user, item = getattr(texts, f"user_{kind}"), getattr(texts, f"item_{kind}")
        rows = _unit(_encoded(encoder, [*(user or ()), *item], cache, watch))
        if user is None:
            assert train is not None
            rows = np.concatenate([_unit(pair_matrix(train, len(users), len(items)) @ rows), rows])
        if reduction is not None:
            rows, variance = reduction.apply(rows)
            rows = _unit(rows)
            notes.append(
                f"the {kind} rows are reduced to {reduction.words}, which keep {variance:.1%} of the variance"
            )
        tables[f"user_{kind}"], tables[f"item_{kind}"] = rows[: len(users)], rows[len(users) :]
    if same:
        tables |= {"user_intent": tables["user_profile"], "item_intent": tables["item_profile"]}
    return TextTable(users, items, **tables, recipe=recipe(encoder), notes=tuple(notes))


def recipe(encoder: EncoderSpec) -> str:
    """The settings that identify an encoder's rows."""
    settings = encoder.model_dump(exclude=SERVER_SETTINGS)
    if isinstance(encoder, OutsideSpec):
        settings["source"] = encoder.checksum
    return json.dumps(settings, sort_keys=True)


def _encoded(encoder: EncoderSpec, texts: list[str], cache: Path | None, watch: Watcher | None) -> np.ndarray:
    """Rows [n, T] of texts [n]. Rows that the same encoder has made of the same texts before are read."""
    encode = partial(_checked, encoder)
    if cache is None:
        return encode(texts)
    if encoder.one_by_one:
        return cached_rows(cache, recipe(encoder), texts, encode, watch)
    return cached_table(cache, recipe(encoder), texts, encode)


def _checked(encoder: EncoderSpec, texts: Sequence[str]) -> np.ndarray:
    """Rows [n, T] that an encoder makes of texts [n].

    Raises:
        InputError: They are not one row for each text, or not numbers alone.
    """
    rows = encoder.encode(texts)
    if rows.ndim != 2 or len(rows) != len(texts) or not np.isfinite(rows).all():
        raise InputError(
            f"the encoder {encoder.kind} makes an array of shape {rows.shape} for {len(texts)} texts, or one "
            "with NaN or infinity; expected one row of numbers for each text"
        )
    return rows


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows [n, T] divided by their norms; a row of zeros stays as it is."""
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
