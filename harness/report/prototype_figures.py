"""Numbers that say whether a system's intent prototypes are used, and whether they agree with the text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import entropy
from scipy.stats.contingency import crosstab

CHANCE_DRAWS = 20
"""The purity by chance is the mean over so many random assignments."""


@dataclass(frozen=True)
class Figures:
    """How the prototypes of one side (users or items) are used.

    Attributes:
        count: Number of prototypes K.
        usage_entropy: Entropy of the mean membership, divided by log K; 1 means that all are used equally.
        node_entropy: Mean entropy of a node's membership, divided by log K; 1 means that nodes prefer none.
        dead: Number of prototypes that are the strongest of no node.
        purity: Share of nodes whose text cluster is the most frequent one of their strongest prototype.
        chance: The purity when the text clusters are assigned to nodes at random.
    """

    count: int
    usage_entropy: float
    node_entropy: float
    dead: int
    purity: float
    chance: float


def figures(membership: np.ndarray, clusters: np.ndarray) -> Figures:
    """Compute the figures of one side.

    Args:
        membership: How much each node belongs to each prototype, [n, K].
        clusters: Number of each node's text cluster, [n].
    """
    shares = membership.astype(np.float64)
    shares /= shares.sum(1, keepdims=True)
    count = shares.shape[1]
    strongest = shares.argmax(1)
    random = np.random.default_rng(0)
    by_chance = [purity(strongest, random.permutation(clusters)) for _ in range(CHANCE_DRAWS)]
    return Figures(
        count=count,
        usage_entropy=float(entropy(shares.mean(0), base=count)),
        node_entropy=float(entropy(shares, base=count, axis=1).mean()),
        dead=count - len(np.unique(strongest)),
        purity=purity(strongest, clusters),
        chance=float(np.mean(by_chance)),
    )


def purity(assigned: np.ndarray, classes: np.ndarray) -> float:
    """Return the share of nodes [n] whose class is the most frequent one of the nodes assigned alike."""
    counts = crosstab(assigned, classes).count
    return float(counts.max(1).sum() / len(assigned))


def text_clusters(rows: np.ndarray, most: int = 16) -> np.ndarray:
    """Cluster text rows [n, T] by k-means; return each node's cluster [n].

    There are ``most`` clusters, or fewer if a cluster would have less than eight nodes on average.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    count = max(2, min(most, len(rows) // 8))
    with threadpool_limits(1):
        clusters: np.ndarray = KMeans(count, n_init=3, random_state=0).fit_predict(rows)
    return clusters
