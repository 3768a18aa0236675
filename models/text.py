"""Text rows and the projection that carries them into the embedding space."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn

from models.core import Batch
from models.losses import info_nce


class TextRows(NamedTuple):
    """One row of text numbers a node, users first: ``profile`` [N, T] and ``intent`` [N, T']."""

    profile: Tensor
    intent: Tensor


def projector(width: int, embedding_size: int) -> nn.Sequential:
    """MLP T -> (T + D) // 2 -> LeakyReLU -> D with Xavier-uniform weights.

    Paper: RLMRec (Ren et al., WWW 2024), section 3.4; one network for users and items together.
    """
    middle = (width + embedding_size) // 2
    first, last = nn.Linear(width, middle), nn.Linear(middle, embedding_size)
    for layer in (first, last):
        nn.init.xavier_uniform_(layer.weight)
    return nn.Sequential(first, nn.LeakyReLU(), last)


def text_alignment(nodes: Tensor, text: Tensor, users: int, batch: Batch, tau: float) -> Tensor:
    """Contrast node rows [N, D] with text rows [N, D] for users, positives and negatives.

    InfoNCE(E_u, s_u; all users) + InfoNCE(E_pos, s_pos; the batch's positives, duplicates kept)
    + InfoNCE(E_neg, s_neg; the batch's negatives).

    Paper: RLMRec (WWW 2024), equation 7; IRLLRec (SIGIR 2025), pairwise alignment.
    """
    user, repeats = batch.user.unique(return_counts=True)
    total = info_nce(nodes[user], text[user], text[:users], tau, repeats=repeats)
    for side in (batch.positive, batch.negative):
        item, repeats = (users + side).unique(return_counts=True)
        rows = text[item]
        total = total + info_nce(nodes[item], rows, rows, tau, repeats=repeats, counts=repeats)
    return total


def once(make: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """A tensor several terms of one step share: made at the first call, kept for the others."""
    kept: list[Tensor] = []

    def get() -> Tensor:
        if not kept:
            kept.append(make())
        return kept[0]

    return get
