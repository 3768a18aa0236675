"""A second graph: the train pairs, and pairs of users with items whose texts are near to theirs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from models.graph import Graph
from models.products import product

BLOCK_NUMEL = 1 << 22
"""Number of similarities in a block."""


def nearest_items(profile: Tensor, graph: Graph, count: int) -> Tensor:
    """For each user the ``count`` items with the nearest texts that are no train items of the user, [2, n].

    Nearness is the cosine of rows from which the mean of their side was taken off: texts about users resemble
    each other, as do texts about items, and without this a few items would be the nearest of many users.

    Args:
        profile: Text rows [N, T], users first.
        graph: The train graph.
        count: Items for each user. A user that has nearly all items gets those that are left.

    Returns:
        Numbers of users and of items.
    """
    user, item = (_centred(side) for side in (profile[: graph.users], profile[graph.users :]))
    count = min(count, graph.items)
    size = max(1, BLOCK_NUMEL // graph.items)
    edges = []
    for start in range(0, graph.users, size):
        cosine = product(user[start : start + size], item)
        known = graph.user_starts[start : start + len(cosine) + 1]
        rows = torch.arange(len(cosine), device=cosine.device).repeat_interleave(known.diff())
        cosine[rows, graph.user_columns[known[0] : known[-1]]] = -torch.inf
        best, items = cosine.topk(count, dim=1)
        rows, places = (best > -torch.inf).nonzero(as_tuple=True)
        edges.append(torch.stack([start + rows, items[rows, places]]))
    return torch.cat(edges, dim=1)


def with_edges(graph: Graph, edges: Tensor) -> Graph:
    """The train graph with further pairs of a user and an item, [2, n]; a pair may be there already."""
    user = torch.arange(graph.users).repeat_interleave(graph.user_starts.diff())
    pairs = torch.cat([torch.stack([user, graph.user_columns]), edges], dim=1)
    user, item = pairs.unique(dim=1)
    return Graph(user, item, graph.users, graph.items)


def _centred(rows: Tensor) -> Tensor:
    """Rows [n, T] less their mean, scaled to length one."""
    return functional.normalize(rows - rows.mean(0))
