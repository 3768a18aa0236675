"""Soft targets: a distribution over all items for each user, which a softmax over the items learns from."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.exp_logits import log_sum_exp, weighted_sums
from models.losses import precision_of, through_unit, unit
from models.products import take

LEAST_CONFIDENCE = 0.1
"""Least weight of a user in the mean."""


class SoftTargets(nn.Module):
    """T_u = softmax_i(cos(p_u, q_i) / tau), for given rows p of users and q of items.

    No table [U, I] is kept: T is computed in blocks whenever it is used.

    Attributes:
        user, item: The rows, scaled to length one, [U, W] and [I, W].
        sums: The sum over items of exp(cos(p_u, q_i) / tau), [U].
        confidence: 1 - H(T_u) / log I with the entropy H, but at least ``LEAST_CONFIDENCE``, [U].
    """

    user: Tensor
    item: Tensor
    sums: Tensor
    confidence: Tensor

    def __init__(self, user: Tensor, item: Tensor, tau: float) -> None:
        """Takes rows of users [U, W] and of items [I, W] that are not learned."""
        super().__init__()
        self.tau = tau
        user, item = functional.normalize(user), functional.normalize(item)
        summed = torch.cat([item, item.new_ones(len(item), 1)], dim=1)
        totals, _ = weighted_sums(user, item, tau, summed, None, user.dtype)
        sums = totals[:, -1]
        mean_cosine = (user * totals[:, :-1]).sum(1) / sums
        entropy = sums.log() - mean_cosine / tau
        confidence = (1.0 - entropy / math.log(max(len(item), 2))).clamp(LEAST_CONFIDENCE, 1.0)
        buffers = {"user": user, "item": item, "sums": sums, "confidence": confidence}
        for name, rows in buffers.items():
            self.register_buffer(name, rows, persistent=False)

    def cross_entropy(self, users: Tensor, user_rows: Tensor, item_rows: Tensor, products: str) -> Tensor:
        """Mean over users of their confidence times -sum_i T_ui log M_ui, M = softmax_i(cos(e_u, e_i) / tau).

        Memory grows with n + I, not with n x I.

        Args:
            users: Numbers of the users, [n].
            user_rows: Their learned rows e_u, [n, D].
            item_rows: The learned rows e_i of all items, [I, D].
            products: Precision of the matrix products, one of ``PRODUCTS``.
        """
        given = _Given(
            take(self.user, users), self.item, take(self.sums, users),
            take(self.confidence, users) / len(users), self.tau, precision_of(products, user_rows),
        )  # fmt: skip
        loss: Tensor = _CrossEntropy.apply(user_rows, item_rows, given)
        return loss


class _Given(NamedTuple):
    """What the loss depends on beside the learned rows.

    Attributes:
        user, item: Rows of length one that the targets are made of, [n, W] and [I, W].
        sums: The sums of the targets' exp-logits, [n].
        weight: The weight of each user, [n].
        tau: Temperature of targets and softmax.
        precision: That of the matrix products.
    """

    user: Tensor
    item: Tensor
    sums: Tensor
    weight: Tensor
    tau: float
    precision: torch.dtype


class _CrossEntropy(torch.autograd.Function):
    """sum_u w_u [ log sum_i exp(cos(e_u, e_i) / tau) - sum_i T_ui cos(e_u, e_i) / tau ].

    The gradient is computed in the forward pass, as that of InfoNCE is.
    """

    @staticmethod
    def forward(ctx: Any, user_rows: Tensor, item_rows: Tensor, given: _Given) -> Tensor:
        user, user_norm = unit(user_rows)
        item, item_norm = unit(item_rows)
        total, _, grad_user, grad_item = log_sum_exp(
            user, item, given.tau, given.weight, None, given.precision, needs_gradient=True
        )
        assert grad_item is not None
        scale = (given.weight / given.tau).unsqueeze(1)
        share = 1.0 / given.sums.unsqueeze(1)
        targets, pulled = weighted_sums(
            given.user, given.item, given.tau, item, user * scale * share, given.precision
        )
        assert pulled is not None
        targets *= share  # the mean of the items' rows under T, [n, D]
        total -= (scale * user * targets).sum()
        grad_user.addcmul_(scale, targets, value=-1.0)
        grad_item -= pulled
        ctx.save_for_backward(
            through_unit(grad_user, user, user_norm), through_unit(grad_item, item, item_norm)
        )
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        user, item = ctx.saved_tensors
        return user * grads[0], item * grads[0], None
