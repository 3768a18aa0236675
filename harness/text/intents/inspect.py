"""What was written, to look at: one node, and figures of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.text.intents.answers import FALLBACKS, Fate, Intent, Profile
from harness.text.intents.compose import Composition
from harness.text.intents.documents import TrainLog
from harness.text.intents.prompts import Side
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.table import encode, written_so_far
from harness.text.intents.writer import OUTPUTS

NEIGHBOURS = 5

Row = tuple[str, str, str]
"""A fact, the users' figure and the items'."""


def lookup(spec: IntentsSpec, dataset: Dataset, cache: Path, token: str, side: Side) -> dict[str, str]:
    """A node's document, profile, likes, dislikes and intent, by name.

    Raises:
        InputError: The dataset has no such node.
    """
    tokens = dataset.users if side == "user" else dataset.items
    found = np.flatnonzero(tokens == token)
    if not len(found):
        raise InputError(
            f"dataset {dataset.name!r} has no {side} {token!r}; expected one such as {str(tokens[0])!r}"
        )
    written = written_so_far(spec, TrainLog.of(dataset), cache)
    node = (written.users if side == "user" else written.items)[found[0]]
    profile, intent = node.profile.answer, node.intent.answer
    said = {"document": node.document}
    said["profile"] = profile.profile if isinstance(profile, Profile) else f"({node.profile.fate})"
    said["reasoning"] = profile.reasoning if isinstance(profile, Profile) else ""
    said["likes"] = "\n".join(intent.likes) if isinstance(intent, Intent) else ""
    said["dislikes"] = "\n".join(intent.dislikes) if isinstance(intent, Intent) else ""
    said["intent"] = intent.intent if isinstance(intent, Intent) else f"({node.intent.fate})"
    return said


def fallen(spec: IntentsSpec, dataset: Dataset, cache: Path) -> Iterator[str]:
    """A line a text that is its document."""
    written = written_so_far(spec, TrainLog.of(dataset), cache)
    for side, tokens in (("user", dataset.users), ("item", dataset.items)):
        nodes = written.users if side == "user" else written.items
        for token, node in zip(tokens, nodes, strict=True):
            for output in node.fallbacks:
                yield f"{output} of {side} {token}: {node.fate(output)}"


def statistics(spec: IntentsSpec, dataset: Dataset, cache: Path) -> list[Row]:
    """Lengths, repetitions, what became of each output, and the neighbours of similar intents."""
    log = TrainLog.of(dataset)
    written = written_so_far(spec, log, cache)
    sides = (written.users, written.items)
    rows = [_row("nodes", (f"{len(nodes):,}" for nodes in sides))]
    lengths = {"document": [[node.document for node in nodes] for nodes in sides]}
    lengths |= {output: [[node.text(output) for node in nodes] for nodes in sides] for output in OUTPUTS}
    for name, texts in lengths.items():
        rows.append(_row(f"{name}, words: quartiles", (_quartiles(part) for part in texts)))
        rows.append(_row(f"{name}, said more than once", (f"{_repeated(part):,}" for part in texts)))
    for fate in _fates(written):
        for output in OUTPUTS:
            counts = [sum(node.fate(output) == fate for node in nodes) for nodes in sides]
            if any(counts):
                rows.append(_row(f"{output}, {_named(fate)}", (f"{count:,}" for count in counts)))
    return [*rows, *_neighbours(spec, log, written, cache)]


def _row(fact: str, figures: Iterable[str]) -> Row:
    users, items = figures
    return fact, users, items


def _fates(written: Composition) -> list[Fate]:
    return sorted(written.fates())


def _named(fate: Fate) -> str:
    return f"{fate} (falls back)" if fate in FALLBACKS else fate


def _quartiles(texts: Sequence[str]) -> str:
    words = [len(text.split()) for text in texts]
    return " ".join(f"{value:.0f}" for value in np.quantile(words, [0, 0.25, 0.5, 0.75, 1]))


def _repeated(texts: Sequence[str]) -> int:
    """Texts that somebody else has as well."""
    return sum(count for count in Counter(texts).values() if count > 1)


def _neighbours(spec: IntentsSpec, log: TrainLog, written: Composition, cache: Path) -> list[Row]:
    """Whether nodes with similar intents share train pairs more often than any two nodes do."""
    if written.count("unanswered"):
        return [("similar intents", *("unknown until all is written",) * 2)]
    table = encode(spec, log, written, cache)
    shape = (len(log.users), len(log.items))
    matrix = sp.csr_matrix((np.ones(len(log.pairs)), log.pairs.T), shape=shape)
    sides = [sharing(table.user_intent, matrix), sharing(table.item_intent, matrix.T.tocsr())]
    return [
        _row(f"{NEIGHBOURS} nearest intents that share a train pair", (f"{near:.1%}" for near, _ in sides)),
        _row("any two that share a train pair", (f"{chance:.1%}" for _, chance in sides)),
    ]


def sharing(rows: np.ndarray, matrix: sp.csr_matrix) -> tuple[float, float]:
    """Share of nearest neighbours, and of all pairs, that have a train partner in common.

    Args:
        rows: Intent rows of length one, [n, T].
        matrix: Train pairs of the nodes with the other side, [n, m].
    """
    joint = (matrix @ matrix.T).astype(bool).tocsr()
    count, hits = len(rows), 0
    for first in range(0, count, 1024):
        block = rows[first : first + 1024] @ rows.T
        own = np.arange(len(block))
        block[own, first + own] = -np.inf
        near = np.argpartition(-block, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        hits += int(joint[np.repeat(first + own, NEIGHBOURS), near.ravel()].sum())
    pairs = count * (count - 1)
    return hits / (NEIGHBOURS * count), float(joint.sum() - (joint.diagonal().sum())) / pairs
