"""Encoders behind one protocol: texts in, one row of numbers a text out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from harness import InputError
from harness.data.dataset import SAME_INTENTS, Dataset, Texts, digest
from harness.data.pickles import load_arrays
from harness.data.spec import from_plan
from harness.text.rows import TABLES, TextTable


class Encoder(Protocol):
    """Anything that turns texts into rows."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T], float32, for n texts."""


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TfidfSpec(_Spec):
    """TF-IDF reduced by a truncated SVD fitted on all given texts; nothing is downloaded."""

    kind: Literal["tfidf"] = "tfidf"
    width: int = Field(64, ge=2, le=4096)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, width], narrower where the vocabulary is."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from threadpoolctl import threadpool_limits

        counts = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english")
        try:
            weights = counts.fit_transform(texts)
        except ValueError as error:
            raise InputError(f"the texts have no word in common to build rows from ({error})") from None
        width = min(self.width, weights.shape[1] - 1, weights.shape[0] - 1)
        if width < 2:
            raise InputError("the texts share fewer than three words; expected more to build rows from")
        reduction = TruncatedSVD(width, algorithm="arpack", random_state=0)
        with threadpool_limits(1):  # so that the last bits do not depend on the number of cores
            rows = reduction.fit_transform(weights)
        # Directions the texts do not have are rounding noise, another one in every process.
        kept = reduction.singular_values_ > 1e-6 * reduction.singular_values_.max()
        rows = rows[:, kept]
        return np.ascontiguousarray(rows, dtype=np.float32)


class WordLlamaSpec(_Spec):
    """Averaged word vectors whose weights come inside the wordllama wheel (an extra)."""

    kind: Literal["wordllama"]
    width: Literal[64, 128, 256] = 256

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, width]."""
        try:
            import wordllama
        except ImportError:
            raise InputError(
                "the encoder wordllama is not installed; install the extra [wordllama]"
            ) from None
        model = wordllama.WordLlama.load(
            trunc_dim=None if self.width == 256 else self.width,
            cache_dir=Path(wordllama.__file__).parent,  # where the wheel keeps its tokenizer
            disable_download=True,
        )
        return np.asarray(model.embed(list(texts)), dtype=np.float32)


class SentenceTransformersSpec(_Spec):
    """Any model the sentence-transformers library loads, by name or folder (an extra)."""

    kind: Literal["sentence-transformers"]
    model: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Rows [n, T], T being the model's width."""
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise InputError(
                "sentence-transformers is not installed; install the extra [sentence-transformers]"
            ) from None
        return np.asarray(SentenceTransformer(self.model).encode(list(texts)), dtype=np.float32)


class PrecomputedSpec(_Spec):
    """Rows from ``.npy`` or ``.pkl`` files; a ``.ids`` file beside one names its rows."""

    kind: Literal["precomputed"]
    user_profile: Path
    item_profile: Path
    user_intent: Path | None = None
    item_intent: Path | None = None
    _resolve = field_validator("*")(from_plan)


TextSpec = Annotated[
    TfidfSpec | WordLlamaSpec | SentenceTransformersSpec | PrecomputedSpec,
    Field(discriminator="kind"),
]


def text_table(spec: TextSpec, dataset: Dataset, cache: Path | None = None) -> TextTable:
    """The text rows of a dataset.

    Raises:
        InputError: The dataset has no texts, or precomputed rows do not fit it.
    """
    if isinstance(spec, PrecomputedSpec):
        return _precomputed(spec, dataset)
    if dataset.texts is None:
        raise InputError(f"dataset {dataset.name!r} has no texts; give it `profiles` or precomputed rows")
    return encode_texts(spec, dataset.texts, dataset.users, dataset.items, cache)


def encode_texts(
    encoder: TfidfSpec | WordLlamaSpec | SentenceTransformersSpec,
    texts: Texts,
    users: np.ndarray,
    items: np.ndarray,
    cache: Path | None = None,
) -> TextTable:
    """Encode profiles of users and items together, then intents; rows of length one."""
    made = {}
    for kind in ("profile", "intent"):
        user, item = getattr(texts, f"user_{kind}"), getattr(texts, f"item_{kind}")
        rows = _cached(encoder, [*user, *item], cache)
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        made[f"user_{kind}"], made[f"item_{kind}"] = rows[: len(user)], rows[len(user) :]
    return TextTable(users, items, **made, recipe=_recipe(encoder))


def _recipe(encoder: BaseModel) -> str:
    return json.dumps(encoder.model_dump(), sort_keys=True)


def _cached(
    encoder: TfidfSpec | WordLlamaSpec | SentenceTransformersSpec, texts: list[str], cache: Path | None
) -> np.ndarray:
    """Encode, or read what the same encoder made of the same texts before."""
    if cache is None:
        return encoder.encode(texts)
    path = cache / f"{digest([_recipe(encoder).encode(), *(text.encode() for text in texts)])}.npy"
    if path.exists():
        return np.asarray(np.load(path, allow_pickle=False))
    rows = encoder.encode(texts)
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.npy")
    np.save(unfinished, rows)
    unfinished.replace(path)
    return rows


def _precomputed(spec: PrecomputedSpec, dataset: Dataset) -> TextTable:
    made = {}
    for name in TABLES:
        side, kind = name.split("_")
        path = getattr(spec, name) or getattr(spec, f"{side}_profile")
        tokens = dataset.users if side == "user" else dataset.items
        made[name] = _load_rows(path, tokens, side)
        if side == "item" and made[name].shape[1] != made[f"user_{kind}"].shape[1]:
            wide, expected = made[name].shape[1], made[f"user_{kind}"].shape[1]
            raise InputError(f"{path}: rows of width {wide}; expected the users' width {expected}")
    content = digest(made[name].tobytes() for name in TABLES)
    notes = () if spec.user_intent and spec.item_intent else (SAME_INTENTS,)
    return TextTable(dataset.users, dataset.items, **made, recipe=content, notes=notes)


def _load_rows(path: Path, tokens: np.ndarray, side: str) -> np.ndarray:
    """Rows [n, T] in token order, checked."""
    if path.suffix == ".pkl":
        loaded = load_arrays(path)
    else:
        try:
            loaded = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{path}: unreadable rows ({str(error).splitlines()[0]})") from None
    try:
        rows = np.asarray(loaded, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(f"{path}: rows of different width; expected a table of numbers") from None
    if rows.ndim != 2:
        raise InputError(f"{path}: shape {rows.shape}; expected one row a {side}")
    ids = path.with_suffix(".ids")
    names = ids.read_text().split() if ids.exists() else list(tokens)
    if len(names) != len(rows):
        raise InputError(f"{path}: {len(rows)} rows; expected {len(names)}, one a {side}")
    place = {name: position for position, name in enumerate(names)}
    missing = [token for token in tokens if token not in place]
    if missing:
        raise InputError(f"{ids}: no {side} {str(missing[0])!r}; expected every {side} of the dataset")
    rows = rows[[place[token] for token in tokens]]
    bad = np.flatnonzero(~np.isfinite(rows).all(1))
    if len(bad):
        raise InputError(
            f"{path}: NaN or infinity in the row of {side} {str(tokens[bad[0]])!r}; expected numbers"
        )
    return rows
