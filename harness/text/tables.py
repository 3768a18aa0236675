"""Makes the text rows that a plan asks for: encoded texts, written intents or precomputed rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from pydantic import Field, field_validator

from harness.data.dataset import SAME_INTENTS, Dataset, Texts, digest
from harness.data.file_spec import from_plan
from harness.data.named_rows import load_rows
from harness.data.pickles import load_arrays
from harness.errors import InputError
from harness.schema import StrictModel
from harness.text.encoders import EncoderSpec
from harness.text.encoding import encode_texts
from harness.text.intents.documents import TrainLog
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.table import intent_table, written_so_far
from harness.text.rows import TABLES, TextTable


class PrecomputedSpec(StrictModel):
    """Rows that are read from ``.npy`` or ``.pkl`` files. A ``.ids`` file beside one names its rows."""

    one_by_one: ClassVar[bool] = True
    kind: Literal["precomputed"]
    user_profile: Path = Field(description="file of the users' profile rows")
    item_profile: Path = Field(description="file of the items' profile rows")
    user_intent: Path | None = Field(None, description="file of the users' intent rows, if there are any")
    item_intent: Path | None = Field(None, description="file of the items' intent rows, if there are any")
    second_graph: Path | None = Field(
        None, description="pickled sparse matrix [U, I] of pairs that a language model chose, for ProMax"
    )
    _resolve = field_validator("*")(from_plan)


TextSpec = Annotated[EncoderSpec | PrecomputedSpec | IntentsSpec, Field(discriminator="kind")]


def text_table(spec: TextSpec, dataset: Dataset, cache: Path | None = None) -> TextTable:
    """The text rows of a dataset.

    Args:
        spec: The plan's specification.
        dataset: Its users, items and texts.
        cache: Folder of kept rows and replies. Without it nothing is kept.

    Raises:
        InputError: The dataset has no texts, precomputed rows do not fit it, or intents are not written yet.
    """
    if isinstance(spec, PrecomputedSpec):
        return _precomputed(spec, dataset)
    if isinstance(spec, IntentsSpec):
        return intent_table(spec, dataset, cache)
    if dataset.texts is None:
        raise InputError(
            f"dataset {dataset.name!r} has no texts to encode; expected `profiles` in its `source`, or "
            "`kind: precomputed` in its `text`"
        )
    return encode_texts(spec, dataset.texts, dataset.users, dataset.items, cache, train=dataset.train)


def texts_of(spec: TextSpec, dataset: Dataset, cache: Path | None = None) -> Texts:
    """The texts that a dataset's rows are made of. A user whose row is a mean has the texts that it is of.

    Raises:
        InputError: The rows are precomputed, and the dataset has no texts.
    """
    if isinstance(spec, IntentsSpec):
        return written_so_far(spec, TrainLog.of(dataset), cache).texts()
    if dataset.texts is None:
        raise InputError(
            f"dataset {dataset.name!r} has rows of numbers but no texts; expected `profiles` in its `source`"
        )
    return dataset.texts.with_users(len(dataset.users), dataset.train)


def _precomputed(spec: PrecomputedSpec, dataset: Dataset) -> TextTable:
    tables: dict[str, np.ndarray] = {}
    for name in TABLES:
        side, kind = name.split("_")
        path = getattr(spec, name) or getattr(spec, f"{side}_profile")
        tokens = dataset.users if side == "user" else dataset.items
        tables[name] = load_rows(path, tokens, side)
        width, expected = tables[name].shape[1], tables[f"user_{kind}"].shape[1]
        if width != expected:
            raise InputError(f"{path}: rows of width {width}; expected the users' width {expected}")
    edges = _load_edges(spec.second_graph, dataset) if spec.second_graph else None
    parts = [tables[name].tobytes() for name in TABLES]
    content = digest(parts if edges is None else [*parts, edges.tobytes()])
    notes = () if spec.user_intent and spec.item_intent else (SAME_INTENTS,)
    return TextTable(dataset.users, dataset.items, **tables, edges=edges, recipe=content, notes=notes)


def _load_edges(path: Path, dataset: Dataset) -> np.ndarray:
    """The pairs of a second graph as positions of users and items in the dataset, [2, n].

    Raises:
        InputError: The file holds no sparse matrix with a row for each user and a column for each item.
    """
    matrix, expected = load_arrays(path), (len(dataset.users), len(dataset.items))
    if not sp.issparse(matrix) or matrix.shape != expected:
        found = f"{type(matrix).__name__} of shape {getattr(matrix, 'shape', None)}"
        raise InputError(f"{path}: holds a {found}; expected a sparse matrix of shape {expected}")
    entries = matrix.tocoo()
    pairs = np.stack([entries.row, entries.col])[:, entries.data != 0].astype(np.int64)
    edges: np.ndarray = np.unique(pairs, axis=1)
    return edges
