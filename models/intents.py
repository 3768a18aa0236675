"""Intents learned from interactions with prototypes, and the teacher of the text intents."""

from __future__ import annotations

import copy
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from models.core import Encoding
from models.graph import Graph


def prototype_table(embedding_size: int, count: int) -> nn.Parameter:
    """Learned intent prototypes C [D, K], Xavier-uniform at first."""
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(embedding_size, count)))


def intents_of(rows: Tensor, users: int, user_prototypes: Tensor, item_prototypes: Tensor) -> Tensor:
    """R = softmax(E C) C^T of rows [N, D]; users and items have separate prototypes.

    Paper: DCCF (Ren et al., SIGIR 2023), equation 5.
    """

    def side(part: Tensor, prototypes: Tensor) -> Tensor:
        return membership(part, prototypes) @ prototypes.t()

    return torch.cat([side(rows[:users], user_prototypes), side(rows[users:], item_prototypes)])


def membership(rows: Tensor, prototypes: Tensor) -> Tensor:
    """softmax(E C) [n, K]: the share of each prototype [D, K] in each row [n, D]. A row's shares sum to 1."""
    return torch.softmax(rows @ prototypes, dim=1)


class PrototypeHolder(Protocol):
    """A backbone or alignment that learns prototypes C of users and of items, each [D, K]."""

    user_prototypes: nn.Parameter
    item_prototypes: nn.Parameter

    def compared(self, encoding: Encoding) -> tuple[Tensor, ...]:
        """The tables [N, D] that are compared with the prototypes."""


class Prototypes(NamedTuple):
    """Prototypes [D, K] of users and items, and the memberships of users [U, K] and of items [I, K]."""

    user: Tensor
    item: Tensor
    user_membership: Tensor
    item_membership: Tensor


def prototypes_of(holder: PrototypeHolder, encoding: Encoding) -> Prototypes:
    """A holder's prototypes, and the memberships of the nodes, averaged over the compared tables."""
    user, item, users = holder.user_prototypes, holder.item_prototypes, encoding.users
    tables = holder.compared(encoding)
    return Prototypes(
        user,
        item,
        torch.stack([membership(rows[:users], user) for rows in tables]).mean(0),
        torch.stack([membership(rows[users:], item) for rows in tables]).mean(0),
    )


def intent_view(
    graph: Graph, tables: tuple[Tensor, ...], user_prototypes: Tensor, item_prototypes: Tensor
) -> Tensor:
    """The intents of all nodes from interactions, [N, D]: the mean of G(R^l) E^l over the ``tables``.

    The tables are E^0 .. E^{L-1}, or E^0 alone for a backbone without propagation. G is
    :meth:`Graph.attend`, and R^l are the intents of E^l.

    Paper: IRLLRec (SIGIR 2025), interaction-based intent.
    """
    views = [
        graph.attend(rows, intents_of(rows, graph.users, user_prototypes, item_prototypes)) for rows in tables
    ]
    return torch.stack(views).mean(0)


class Teacher(nn.Module):
    """A copy of a student network that is not trained, but follows the student as a moving average.

    Paper: IRLLRec (SIGIR 2025), momentum distillation.
    Differs: it starts as a copy of the student. In the release it starts from other random weights, by
    accident; ``teacher_start="draw"`` repeats this.
    """

    def __init__(self, start: nn.Module, momentum: float = 0.999) -> None:
        """Copy ``start``. Each update keeps the share ``momentum`` of the old weights."""
        super().__init__()
        self.momentum = momentum
        self.network = copy.deepcopy(start).requires_grad_(False)

    @torch.no_grad()
    def update(self, student: nn.Module) -> None:
        """Move the weights towards those of ``student``."""
        for own, other in zip(self.network.parameters(), student.parameters(), strict=True):
            own.lerp_(other, 1.0 - self.momentum)

    @torch.no_grad()
    def forward(self, rows: Tensor) -> Tensor:
        """The output for rows [N, T]; has no gradient."""
        return self.network(rows)
