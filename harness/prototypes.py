"""The intent prototypes of a trained system as arrays, and figures that say whether they are intents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from models.core import System
from models.intents import prototypes_of

CHANCE_DRAWS = 20
"""Random assignments that purity by chance is the mean of."""


@torch.no_grad()
def prototype_arrays(system: System, users: np.ndarray, items: np.ndarray) -> dict[str, np.ndarray] | None:
    """Prototypes, memberships and rows to score with; None for a system without prototypes.

    An alignment's own prototypes are meant where the backbone has some as well.

    Args:
        system: The trained system.
        users: RecBole's ids of the users in the wanted order, [U].
        items: RecBole's ids of the items, [I].

    Returns:
        ``user_membership`` [U, K] and ``item_membership`` [I, K]; ``user_prototypes`` and
        ``item_prototypes`` [D, K]; ``user_rows`` [U, D] and ``item_rows`` [I, D].
    """
    parts: list[Any] = [system.alignment, system.backbone]
    holders = [part for part in parts if hasattr(part, "user_prototypes")]
    if not holders:
        return None
    system.eval()
    encoding = system.backbone.encode(system.backbone.ego())
    found = prototypes_of(holders[0], encoding)
    user_rows, item_rows = encoding.split()
    return {
        "user_membership": found.user_membership[users - 1].cpu().numpy(),
        "item_membership": found.item_membership[items - 1].cpu().numpy(),
        "user_prototypes": found.user.detach().cpu().numpy(),
        "item_prototypes": found.item.detach().cpu().numpy(),
        "user_rows": user_rows[users - 1].cpu().numpy(),
        "item_rows": item_rows[items - 1].cpu().numpy(),
    }


@dataclass(frozen=True)
class Figures:
    """Whether one side's prototypes are used, and stand for something.

    Attributes:
        count: Number of prototypes K.
        usage_entropy: Entropy of the mean membership, as a share of log K: 1 is even use.
        node_entropy: Mean entropy of a node's membership, as a share of log K: 1 is no preference.
        dead: Prototypes that are no node's strongest.
        purity: Share of nodes whose text cluster is the commonest of their strongest prototype.
        chance: The same with clusters dealt out at random.
    """

    count: int
    usage_entropy: float
    node_entropy: float
    dead: int
    purity: float
    chance: float


def figures(membership: np.ndarray, clusters: np.ndarray) -> Figures:
    """Figures of memberships [n, K] of nodes whose texts fall into ``clusters`` [n]."""
    shares = membership.astype(np.float64)
    shares /= shares.sum(1, keepdims=True)
    count = shares.shape[1]
    strongest = shares.argmax(1)
    random = np.random.default_rng(0)
    drawn = [purity(strongest, random.permutation(clusters)) for _ in range(CHANCE_DRAWS)]
    return Figures(
        count=count,
        usage_entropy=float(entropy(shares.mean(0, keepdims=True))[0] / np.log(count)),
        node_entropy=float(entropy(shares).mean() / np.log(count)),
        dead=count - len(np.unique(strongest)),
        purity=purity(strongest, clusters),
        chance=float(np.mean(drawn)),
    )


def entropy(shares: np.ndarray) -> np.ndarray:
    """Of each row of shares [n, K], in nats; 0 log 0 is 0."""
    logs = np.log(np.where(shares > 0, shares, 1.0))
    found: np.ndarray = -(shares * logs).sum(1)
    return found


def purity(assigned: np.ndarray, classes: np.ndarray) -> float:
    """Share of nodes that have the commonest class of what they are assigned to (both [n])."""
    table = np.zeros((assigned.max() + 1, classes.max() + 1), dtype=np.int64)
    np.add.at(table, (assigned, classes), 1)
    return float(table.max(1).sum() / len(assigned))


def text_clusters(rows: np.ndarray, most: int = 16) -> np.ndarray:
    """K-means clusters [n] of text rows [n, T]; fewer than ``most`` where there are few nodes."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    count = max(2, min(most, len(rows) // 8))
    with threadpool_limits(1):
        found: np.ndarray = KMeans(count, n_init=3, random_state=0).fit_predict(rows)
    return found
