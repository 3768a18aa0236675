"""Figures that say whether a system's intent prototypes are used, and stand for something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import entropy

CHANCE_DRAWS = 20
"""Purity by chance is the mean over this many random assignments."""


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
        usage_entropy=float(entropy(shares.mean(0)) / np.log(count)),
        node_entropy=float(entropy(shares, axis=1).mean() / np.log(count)),
        dead=count - len(np.unique(strongest)),
        purity=purity(strongest, clusters),
        chance=float(np.mean(drawn)),
    )


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
