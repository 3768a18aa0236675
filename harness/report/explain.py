"""What the prototypes of a trained run mean: phrases that name them, and the recommendations they explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from harness.data.dataset import Dataset, Texts
from harness.errors import InputError
from harness.report.prototype_figures import Figures, figures, text_clusters
from harness.store.layout import PROTOTYPES
from harness.store.record import RunRecord
from harness.store.store import Store
from harness.text.intents.phrases import phrase_weights, strongest
from harness.text.rows import TextTable

NAMING_NODES = 20
"""A prototype is named by the texts of so many nodes that belong to it most, compared with all texts."""

PHRASES = 5
"""Largest number of phrases that name a prototype."""

COMMON = 0.5
"""Words that are in a larger share of the intents come from the wording of intents, and name no prototype."""


class Recommendation(NamedTuple):
    """A recommended item that one prototype explains.

    Attributes:
        item: Title of the item.
        score: The system's score.
        carried: What the prototype adds to the product of the user's intent with the item.
    """

    item: str
    score: float
    carried: float


@dataclass(frozen=True)
class Prototype:
    """One prototype of the users' or the items' side.

    Attributes:
        number: Counted from 0.
        share: Membership of one user in it, or the mean membership of all nodes.
        phrases: Phrases that are more frequent in the texts of its nodes than in other texts.
        items: Titles of the items nearest to it.
        carries: Recommendations to which it adds more than any other prototype.
        nodes: Number of nodes that belong to it more than to any other prototype.
    """

    number: int
    share: float
    phrases: tuple[str, ...]
    items: tuple[str, ...]
    carries: tuple[Recommendation, ...] = ()
    nodes: int = 0


class Explanation:
    """The prototypes of a run, and the texts of its dataset."""

    def __init__(
        self, arrays: Mapping[str, np.ndarray], dataset: Dataset, texts: Texts, rows: TextTable | None
    ) -> None:
        """Extract the phrases of all intents.

        Args:
            arrays: The arrays of ``harness.training.prototypes.prototype_arrays``.
            dataset: The dataset of the run.
            texts: Its texts. Prototypes are named by the intents.
            rows: Its text rows. The purity is computed from them.
        """
        self.arrays, self.dataset, self.rows = arrays, dataset, rows
        self.weights, self.words = phrase_weights([*(texts.user_intent or ()), *texts.item_intent], 2, COMMON)
        titles = dataset.facts.titles if dataset.facts else ("",) * len(dataset.items)
        self.titles = [title or str(token) for title, token in zip(titles, dataset.items, strict=True)]

    def figures(self) -> dict[str, Figures]:
        """Return how the prototypes of each side, ``user`` and ``item``, are used."""
        by_side = {}
        for side in ("user", "item"):
            rows = getattr(self.rows, f"{side}_intent")
            by_side[side] = figures(self.arrays[f"{side}_membership"], text_clusters(rows))
        return by_side

    def most_used(self, side: str, count: int) -> list[Prototype]:
        """Return the ``count`` prototypes of a side that are the strongest of most nodes."""
        membership = self.arrays[f"{side}_membership"].astype(np.float64)
        nodes = np.bincount(membership.argmax(1), minlength=membership.shape[1])
        mean = membership.mean(0)
        chosen = np.argsort(-nodes, kind="stable")[:count]
        return [self._prototype(side, int(k), float(mean[k]), nodes=int(nodes[k])) for k in chosen]

    def of_user(self, user: str, count: int = 5, items: int = 10) -> list[Prototype]:
        """Return a user's strongest prototypes, and those that explain the user's recommendations.

        The user's intent is r = sum_k a_k c_k, with memberships a and prototypes c. So r . e_i is a sum over
        prototypes, and the prototype with the largest part explains item i. Recommendations are the items
        with the highest scores e_u . e_i that have no train pair with the user, thinned pairs included.

        Args:
            user: Token of the user.
            count: Number of strongest prototypes.
            items: Number of recommendations.

        Raises:
            InputError: The dataset has no such user.
        """
        row, best, scores = self.recommended(user, items)
        shares = self.arrays["user_membership"][row].astype(np.float64)
        parts = (self.arrays["item_rows"][best] @ self.arrays["user_prototypes"]) * shares  # [items, K]
        explaining = parts.argmax(1)
        carries: dict[int, list[Recommendation]] = {}
        for rank, item in enumerate(best):
            k = int(explaining[rank])
            carried = Recommendation(self.titles[item], float(scores[item]), float(parts[rank, k]))
            carries.setdefault(k, []).append(carried)
        strongest = [int(k) for k in np.argsort(-shares, kind="stable")[:count]]
        return [
            self._prototype("user", k, float(shares[k]), tuple(carries.get(k, ())))
            for k in dict.fromkeys([*strongest, *carries])
        ]

    def recommended(self, user: str, items: int = 10) -> tuple[int, np.ndarray, np.ndarray]:
        """Return the user's position, the positions of the recommended items, best first, and all scores [I].

        Raises:
            InputError: The dataset has no such user.
        """
        row = self._row_of(user)
        scores = self.arrays["item_rows"] @ self.arrays["user_rows"][row]
        candidates = np.setdiff1d(np.arange(len(scores)), self.dataset.known()[row].indices)
        return row, candidates[np.argsort(-scores[candidates], kind="stable")[:items]], scores

    def _row_of(self, user: str) -> int:
        """Return the position of a user in the dataset.

        Raises:
            InputError: The dataset has no such user.
        """
        rows = np.flatnonzero(self.dataset.users == user)
        if not len(rows):
            example = str(self.dataset.users[0])
            raise InputError(f"--user: the run has no user {user!r}; expected one such as {example!r}")
        return int(rows[0])

    def _prototype(
        self,
        side: str,
        number: int,
        share: float,
        carries: tuple[Recommendation, ...] = (),
        nodes: int = 0,
    ) -> Prototype:
        """Name a prototype by the nodes that belong to it most and by the items nearest to it."""
        closest = np.argsort(-self._closeness(side, number), kind="stable")[:NAMING_NODES]
        members = np.argsort(-self.arrays[f"{side}_membership"][:, number], kind="stable")[:NAMING_NODES]
        offset = len(self.dataset.users)
        texts = np.concatenate([members + (0 if side == "user" else offset), closest + offset])
        items = tuple(self.titles[item] for item in closest[:3])
        return Prototype(number, share, self._phrases(np.unique(texts)), items, carries, nodes)

    def _closeness(self, side: str, number: int) -> np.ndarray:
        """Return how near each item is to a prototype, [I].

        That is the product c_k . e_i for a user prototype, and the membership for an item prototype.
        """
        if side == "item":
            return self.arrays["item_membership"][:, number]
        products: np.ndarray = self.arrays["item_rows"] @ self.arrays["user_prototypes"][:, number]
        return products

    def _phrases(self, nodes: np.ndarray) -> tuple[str, ...]:
        """Return the phrases that these nodes' texts use more than all texts do."""
        own: sp.csr_matrix = self.weights[nodes]
        contrast = np.asarray(own.mean(0) - self.weights.mean(0)).ravel()
        return strongest(contrast, self.words, PHRASES)


def find_run(store: Store, wanted: str) -> tuple[str, RunRecord]:
    """Find the run with this identity or beginning of an identity, or the only run of this system.

    Returns:
        The run's identity and record.

    Raises:
        InputError: No run or several are meant, or the run that is meant is damaged.
    """
    records, damaged = store.runs(), store.damaged()
    for identity in damaged:
        if identity.startswith(wanted):
            folder = store.folder(identity)
            raise InputError(f"{folder}: {store.problem(identity)}; `intentbench run` does it again")
    meant = [identity for identity in records if identity.startswith(wanted)]
    meant = meant or [identity for identity, record in records.items() if record.system == wanted]
    if len(meant) != 1:
        shown = meant or list(records)
        lines = [_line(identity, records[identity]) for identity in shown[:20]]
        number = "several runs" if meant else "no run"
        raise InputError(f"{store.root}: {number} {wanted!r}; expected one of {'; '.join(lines) or 'none'}")
    return meant[0], records[meant[0]]


def _line(identity: str, record: RunRecord) -> str:
    return f"{identity[:8]} ({record.dataset}, {record.system}, repetition {record.repetition + 1})"


def explanation(
    store: Store,
    identity: str,
    record: RunRecord,
    dataset: Dataset,
    texts: Texts,
    rows: TextTable | None,
) -> Explanation:
    """Make the explanation of a stored run from its dataset, texts and text rows.

    Raises:
        InputError: The run has no prototypes.
    """
    arrays = store.arrays(identity, PROTOTYPES)
    if not arrays:
        raise InputError(
            f"run {identity[:8]} ({record.system}) has no prototypes stored; expected a finished run of "
            "IRLLRec, DCCF or BIGCF"
        )
    return Explanation(arrays, dataset, texts, rows)
