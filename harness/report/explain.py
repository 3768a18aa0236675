"""What a trained run's prototypes stand for: named by texts, and the recommendations that they carry."""

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
"""Nodes that name a prototype: those that belong to it most, against all."""

PHRASES = 5

COMMON = 0.5
"""Words in a larger share of the intents are how intents are put, and name nothing."""


class Recommendation(NamedTuple):
    """A recommended item, its score, and what its carrying prototype adds to the intent's score."""

    item: str
    score: float
    carried: float


@dataclass(frozen=True)
class Prototype:
    """One prototype of a side.

    Attributes:
        number: From 0.
        share: The user's membership in it, or the mean membership of all nodes.
        phrases: What the texts that load on it say more than others.
        items: Titles of the items it points to most.
        carries: Recommendations to which it adds more than any other prototype does.
        nodes: Nodes whose strongest it is.
    """

    number: int
    share: float
    phrases: tuple[str, ...]
    items: tuple[str, ...]
    carries: tuple[Recommendation, ...] = ()
    nodes: int = 0


class Explanation:
    """A run's prototypes with the texts of its dataset."""

    def __init__(
        self, arrays: Mapping[str, np.ndarray], dataset: Dataset, texts: Texts, rows: TextTable | None
    ) -> None:
        """Prepare the phrases.

        Args:
            arrays: As ``prototype_arrays`` makes them.
            dataset: The run's.
            texts: Its texts; intents name prototypes.
            rows: Its text rows, for purity.
        """
        self.arrays, self.dataset, self.rows = arrays, dataset, rows
        self.weights, self.words = phrase_weights([*texts.user_intent, *texts.item_intent], 2, COMMON)
        titles = dataset.facts.titles if dataset.facts else ("",) * len(dataset.items)
        self.titles = [title or str(token) for title, token in zip(titles, dataset.items, strict=True)]

    def figures(self) -> dict[str, Figures]:
        """Usage, dead prototypes and purity of users' and items' prototypes."""
        found = {}
        for side in ("user", "item"):
            rows = getattr(self.rows, f"{side}_intent")
            found[side] = figures(self.arrays[f"{side}_membership"], text_clusters(rows))
        return found

    def most_used(self, side: str, count: int) -> list[Prototype]:
        """The prototypes that are most nodes' strongest."""
        membership = self.arrays[f"{side}_membership"].astype(np.float64)
        nodes = np.bincount(membership.argmax(1), minlength=membership.shape[1])
        mean = membership.mean(0)
        chosen = np.argsort(-nodes, kind="stable")[:count]
        return [self._prototype(side, int(k), float(mean[k]), nodes=int(nodes[k])) for k in chosen]

    def of_user(self, user: str, count: int = 5, items: int = 10) -> list[Prototype]:
        """A user's strongest prototypes, and which of the user's recommendations they carry.

        The user's intent is r = sum_k a_k c_k with memberships a and prototypes c, so that r . e_i is
        a sum over prototypes: the largest part's prototype carries item i. Recommendations are the
        items of highest score e_u . e_i without a train pair.

        Raises:
            InputError: The dataset has no such user.
        """
        found = np.flatnonzero(self.dataset.users == user)
        if not len(found):
            known = str(self.dataset.users[0])
            raise InputError(f"the run has no user {user!r}; expected one such as {known!r}")
        at = int(found[0])
        scores = self.arrays["item_rows"] @ self.arrays["user_rows"][at]
        seen = self.dataset.train[self.dataset.train[:, 0] == at, 1]
        scores[seen] = -np.inf
        best = np.argsort(-scores, kind="stable")[:items]
        shares = self.arrays["user_membership"][at].astype(np.float64)
        parts = (self.arrays["item_rows"][best] @ self.arrays["user_prototypes"]) * shares  # [items, K]
        carrier = parts.argmax(1)
        order = np.argsort(-shares, kind="stable")[:count]
        shown = [*order, *(k for k in dict.fromkeys(carrier.tolist()) if k not in order)]
        return [
            self._prototype(
                "user", int(k), float(shares[k]),
                tuple(
                    Recommendation(self.titles[item], float(scores[item]), float(parts[place, k]))
                    for place, item in enumerate(best) if carrier[place] == k
                ),
            )
            for k in shown
        ]  # fmt: skip

    def _prototype(
        self,
        side: str,
        number: int,
        share: float,
        carries: tuple[Recommendation, ...] = (),
        nodes: int = 0,
    ) -> Prototype:
        closest = np.argsort(-self._pull(side, number), kind="stable")[:NAMING_NODES]
        members = np.argsort(-self.arrays[f"{side}_membership"][:, number], kind="stable")[:NAMING_NODES]
        offset = len(self.dataset.users)
        texts = np.concatenate([members + (0 if side == "user" else offset), closest + offset])
        items = tuple(self.titles[item] for item in closest[:3])
        return Prototype(number, share, self._named(np.unique(texts)), items, carries, nodes)

    def _pull(self, side: str, number: int) -> np.ndarray:
        """How much a prototype draws each item: c_k . e_i for users', the membership for items'."""
        if side == "item":
            return self.arrays["item_membership"][:, number]
        pull: np.ndarray = self.arrays["item_rows"] @ self.arrays["user_prototypes"][:, number]
        return pull

    def _named(self, nodes: np.ndarray) -> tuple[str, ...]:
        """What these nodes' texts say more than all do."""
        own: sp.csr_matrix = self.weights[nodes]
        contrast = np.asarray(own.mean(0) - self.weights.mean(0)).ravel()
        return strongest(contrast, self.words, PHRASES)


def find_run(store: Store, wanted: str) -> tuple[str, RunRecord]:
    """The one run that ``wanted`` means: an identity, its beginning, or a system's line.

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
    """A stored run's explanation, with its dataset, texts and text rows.

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
