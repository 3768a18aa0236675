"""Text rows, the projection of text into the embedding space, and the contrast of nodes with text."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from models.core import Batch
from models.losses import info_nce
from models.products import Linear, Rows, take

T = TypeVar("T")


class TextRows(NamedTuple):
    """A row of numbers for the text of each node, users first: ``profile`` [N, T] and ``intent`` [N, T'].

    ``edges`` [2, n] are pairs of a user and an item that a language model chose. None if there are none.
    """

    profile: Tensor
    intent: Tensor
    edges: Tensor | None = None


def projector(width: int, embedding_size: int) -> nn.Sequential:
    """An MLP T -> (T + D) // 2 -> LeakyReLU -> D with Xavier-uniform weights.

    Paper: RLMRec (Ren et al., WWW 2024), section 3.4; one network for users and items together.
    """
    middle = (width + embedding_size) // 2
    first, last = Linear(width, middle), Linear(middle, embedding_size)
    for layer in (first, last):
        nn.init.xavier_uniform_(layer.weight)
    return nn.Sequential(first, nn.LeakyReLU(), last)


def text_alignment(
    nodes: Tensor,
    text: Callable[[Rows], Tensor],
    users: int,
    batch: Batch,
    tau: float,
    products: str = "float32",
) -> Tensor:
    """Contrast the nodes of a batch with their projected text: users, positives and negatives.

    Users have all users as candidates. Positives have the batch's positives as candidates, and negatives
    its negatives; an item that is in the batch twice is a candidate twice.

    Args:
        nodes: Node rows, [N, D], users first.
        text: Gives the projected text rows [n, D] of nodes. It is asked for all users and for the items
            of the batch.
        users: Number of users U.
        batch: The training triples.
        tau: Temperature.
        products: Precision of the matrix products of InfoNCE.

    Paper: RLMRec (WWW 2024), equation 7; IRLLRec (SIGIR 2025), pairwise alignment.
    """
    user, repeats = batch.user.unique(return_counts=True)
    all_users = text(slice(0, users))
    total = info_nce(
        take(nodes, user), take(all_users, user), all_users, tau, repeats=repeats, products=products
    )
    items, positions = torch.stack([batch.positive, batch.negative]).unique(return_inverse=True)
    item_nodes, item_text = take(nodes, users + items), text(users + items)
    for side in positions:
        item, repeats = side.unique(return_counts=True)
        rows = take(item_text, item)
        total = total + info_nce(
            take(item_nodes, item), rows, rows, tau, repeats=repeats, counts=repeats, products=products
        )
    return total


def once(make: Callable[[], T]) -> Callable[[], T]:
    """Wrap ``make`` so that it is called at most once; several terms of a step share its result."""
    results: list[T] = []

    def get() -> T:
        if not results:
            results.append(make())
        return results[0]

    return get
