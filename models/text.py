"""Text rows and the projection that carries them into the embedding space."""

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
    """One row of text numbers a node, users first: ``profile`` [N, T] and ``intent`` [N, T']."""

    profile: Tensor
    intent: Tensor


def projector(width: int, embedding_size: int) -> nn.Sequential:
    """MLP T -> (T + D) // 2 -> LeakyReLU -> D with Xavier-uniform weights.

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
    """Contrast node rows [N, D] with projected text rows for users, positives and negatives.

    InfoNCE(E_u, s_u; all users) + InfoNCE(E_pos, s_pos; the batch's positives, duplicates kept)
    + InfoNCE(E_neg, s_neg; the batch's negatives).

    Args:
        nodes: [N, D], users first.
        text: Projects the text rows of the nodes asked for, [n, D]: all users and the batch's items.
        users: Number of users U.
        batch: The training triples.
        tau: Temperature.
        products: Precision of the blocked products.

    Paper: RLMRec (WWW 2024), equation 7; IRLLRec (SIGIR 2025), pairwise alignment.
    """
    user, repeats = batch.user.unique(return_counts=True)
    all_users = text(slice(0, users))
    total = info_nce(
        take(nodes, user), take(all_users, user), all_users, tau, repeats=repeats, products=products
    )
    items, place = torch.stack([batch.positive, batch.negative]).unique(return_inverse=True)
    item_nodes, item_text = take(nodes, users + items), text(users + items)
    for side in place:
        item, repeats = side.unique(return_counts=True)
        rows = take(item_text, item)
        total = total + info_nce(
            take(item_nodes, item), rows, rows, tau, repeats=repeats, counts=repeats, products=products
        )
    return total


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What several terms of one step share: made at the first call, kept for the others."""
    kept: list[T] = []

    def get() -> T:
        if not kept:
            kept.append(make())
        return kept[0]

    return get
