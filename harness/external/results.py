"""What came back from elsewhere, as scores that are judged like those of any system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import normalize

from harness.data.named_rows import load_rows
from harness.errors import InputError
from harness.evaluation.ranking import Scorer
from harness.external.lists import checked_lists
from harness.external.request import Request
from harness.external.system import ExternalSpec
from models.products import product


@dataclass(frozen=True)
class Results:
    """The results of a system from elsewhere on one dataset.

    Attributes:
        scorer: Scores of all items for the users who were to be ranked.
        summary: What the files hold, as one sentence.
    """

    scorer: Scorer
    summary: str


def read_results(spec: ExternalSpec, request: Request) -> Results:
    """Read and check the files of a system from elsewhere.

    Raises:
        InputError: A file cannot be read, or does not have what was asked for.
    """
    if len(spec.files) == 1:
        lists = checked_lists(spec.files[0], request)
        return Results(lists.scorer, lists.summary)
    users, items = spec.files
    dataset = request.dataset
    own_rows = load_rows(users, dataset.users, "user", dataset.users[request.users])
    user_rows = np.zeros((len(dataset.users), own_rows.shape[1]), dtype=np.float32)
    user_rows[request.users] = own_rows
    item_rows = load_rows(items, dataset.items, "item")
    if user_rows.shape[1] != item_rows.shape[1]:
        raise InputError(
            f"{items}: rows of width {item_rows.shape[1]}; expected the users' width {user_rows.shape[1]}"
        )
    summary = f"embeddings of width {user_rows.shape[1]}, compared by {spec.similarity}"
    return Results(_embedded(user_rows, item_rows, spec.similarity), summary)


def check_results(spec: ExternalSpec, request: Request) -> str:
    """Check the files of a system from elsewhere; returns what they hold, as one sentence.

    Raises:
        InputError: As :func:`read_results`. The message begins with the system's name.
    """
    try:
        return read_results(spec, request).summary
    except InputError as error:
        raise InputError(f"{spec.name}: {error}") from None


def _embedded(user_rows: np.ndarray, item_rows: np.ndarray, similarity: str) -> Scorer:
    """Scores that are products of rows, or the cosines between them."""
    users, items = (torch.from_numpy(np.ascontiguousarray(rows)) for rows in (user_rows, item_rows))
    if similarity == "cosine":
        users, items = normalize(users), normalize(items)
    return lambda block: product(users[block], items)
