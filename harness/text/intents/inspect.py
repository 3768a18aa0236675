"""Shows what was written: the texts of one node, and statistics of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.text.intents.answers import FALLBACKS, Intent, Profile, Status
from harness.text.intents.documents import TrainLog
from harness.text.intents.prompts import Side
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.table import encode, written_so_far
from harness.text.intents.writer import OUTPUTS
from harness.text.intents.written_texts import WrittenTexts

NEIGHBOURS = 5
"""Number of nearest neighbours that are compared with a node."""

Row = tuple[str, str, str]
"""The name of a statistic, its value for users and its value for items."""


def texts_of_node(spec: IntentsSpec, dataset: Dataset, cache: Path, token: str, side: Side) -> dict[str, str]:
    """The document, profile, reasoning, likes, dislikes and intent of a node, by name.

    Raises:
        InputError: The dataset has no such node.
    """
    tokens = dataset.users if side == "user" else dataset.items
    positions = np.flatnonzero(tokens == token)
    if not len(positions):
        raise InputError(
            f"dataset {dataset.name!r} has no {side} {token!r}; expected one such as {str(tokens[0])!r}"
        )
    written = written_so_far(spec, TrainLog.of(dataset), cache)
    node = (written.users if side == "user" else written.items)[positions[0]]
    profile, intent = node.profile.answer, node.intent.answer
    texts = {"document": node.document}
    texts["profile"] = profile.profile if isinstance(profile, Profile) else f"({node.profile.status})"
    texts["reasoning"] = profile.reasoning if isinstance(profile, Profile) else ""
    texts["likes"] = "\n".join(intent.likes) if isinstance(intent, Intent) else ""
    texts["dislikes"] = "\n".join(intent.dislikes) if isinstance(intent, Intent) else ""
    texts["intent"] = intent.intent if isinstance(intent, Intent) else f"({node.intent.status})"
    return texts


def fallbacks(spec: IntentsSpec, dataset: Dataset, cache: Path) -> Iterator[str]:
    """One line for each profile or intent that the document stands in for."""
    written = written_so_far(spec, TrainLog.of(dataset), cache)
    for side, tokens in (("user", dataset.users), ("item", dataset.items)):
        nodes = written.users if side == "user" else written.items
        for token, node in zip(tokens, nodes, strict=True):
            for output in node.fallbacks:
                yield f"{output} of {side} {token}: {node.status(output)}"


def statistics(spec: IntentsSpec, dataset: Dataset, cache: Path) -> list[Row]:
    """Statistics of all texts: lengths, repetitions, statuses, and what nodes with similar intents share."""
    log = TrainLog.of(dataset)
    written = written_so_far(spec, log, cache)
    sides = (written.users, written.items)
    rows = [_row("nodes", (f"{len(nodes):,}" for nodes in sides))]
    lengths = {"document": [[node.document for node in nodes] for nodes in sides]}
    lengths |= {output: [[node.text(output) for node in nodes] for nodes in sides] for output in OUTPUTS}
    for name, texts in lengths.items():
        rows.append(_row(f"{name}, words: quartiles", (_quartiles(part) for part in texts)))
        rows.append(_row(f"{name}, the same for several", (f"{_repeated(part):,}" for part in texts)))
    for status in sorted(written.statuses()):
        for output in OUTPUTS:
            counts = [sum(node.status(output) == status for node in nodes) for nodes in sides]
            if any(counts):
                rows.append(_row(f"{output}, {_label(status)}", (f"{count:,}" for count in counts)))
    return [*rows, *_neighbours(spec, log, written, cache)]


def _row(fact: str, figures: Iterable[str]) -> Row:
    users, items = figures
    return fact, users, items


def _label(status: Status) -> str:
    return f"{status} (the document stands in)" if status in FALLBACKS else status


def _quartiles(texts: Sequence[str]) -> str:
    words = [len(text.split()) for text in texts]
    return " ".join(f"{value:.0f}" for value in np.quantile(words, [0, 0.25, 0.5, 0.75, 1]))


def _repeated(texts: Sequence[str]) -> int:
    """Number of texts that another node has as well."""
    return sum(count for count in Counter(texts).values() if count > 1)


def _neighbours(spec: IntentsSpec, log: TrainLog, written: WrittenTexts, cache: Path) -> list[Row]:
    """How often nodes with similar intents share a train partner, and how often any two nodes do."""
    if written.count("unanswered"):
        return [("similar intents", *("unknown until all texts are written",) * 2)]
    table = encode(spec, log, written, cache)
    shape = (len(log.users), len(log.items))
    matrix = sp.csr_matrix((np.ones(len(log.pairs)), log.pairs.T), shape=shape)
    sides = [
        shared_partners(table.user_intent, matrix),
        shared_partners(table.item_intent, matrix.T.tocsr()),
    ]
    return [
        _row(
            f"{NEIGHBOURS} nearest by intent that share a train partner", (f"{near:.1%}" for near, _ in sides)
        ),
        _row("any two that share a train partner", (f"{chance:.1%}" for _, chance in sides)),
    ]


def shared_partners(rows: np.ndarray, matrix: sp.csr_matrix) -> tuple[float, float]:
    """The share of nearest neighbours, and of all pairs of nodes, that have a train partner in common.

    Args:
        rows: Intent rows of length one, [n, T].
        matrix: The train pairs as ones, with the other side in columns, [n, m].
    """
    joint = (matrix @ matrix.T).astype(bool).tocsr()
    count, hits = len(rows), 0
    neighbours = min(NEIGHBOURS, count - 1)
    if not neighbours:
        return 0.0, 0.0
    for first in range(0, count, 1024):
        block = rows[first : first + 1024] @ rows.T
        own = np.arange(len(block))
        block[own, first + own] = -np.inf
        near = np.argpartition(-block, neighbours, axis=1)[:, :neighbours]
        hits += int(joint[np.repeat(first + own, neighbours), near.ravel()].sum())
    pairs = count * (count - 1)
    return hits / (neighbours * count), float(joint.sum() - (joint.diagonal().sum())) / pairs
