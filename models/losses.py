"""Ranking and contrastive losses. A softmax over many candidates is computed in blocks of rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.exp_logits import log_sum_exp
from models.hyper import LOWEST_TAU
from models.products import fastest_precision


def bpr(user: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Bayesian personalised ranking: the mean of softplus(negative - positive score), from rows [B, D].

    Paper: Rendle et al., UAI 2009, section 4.1.
    """
    gap = (user * negative).sum(-1) - (user * positive).sum(-1)
    return functional.softplus(gap).mean()


class _InfoNCE(torch.autograd.Function):
    """InfoNCE that computes its gradient in the forward pass.

    The loss is one number, so that its gradient is known up to a factor while the exp-logits of a block
    are in memory. No [B, M] table is kept. If ``partners`` is None, the candidates are the partners. Rows
    are scaled to length one if ``scaled``.
    """

    @staticmethod
    def forward(
        ctx: Any,
        anchors: Tensor,
        partners: Tensor | None,
        candidates: Tensor,
        tau: float,
        weight: Tensor,
        counts: Tensor | None,
        precision: torch.dtype,
        guard: float,
        scaled: bool,
    ) -> Tensor:
        with_norm = unit if scaled else _as_it_is
        anchor, anchor_norm = with_norm(anchors)
        candidate, candidate_norm = with_norm(candidates)
        partner, partner_norm = (candidate, candidate_norm) if partners is None else with_norm(partners)
        needs_gradient = ctx.needs_input_grad[2]  # false for rows that are given, such as the text's own
        pull = (anchor * partner).sum(1, keepdim=True)
        offsets = guard * (pull.squeeze(1) / -tau).exp() if guard else None
        total, slope, grad_anchor, grad_candidate = log_sum_exp(
            anchor, candidate, tau, weight, counts, precision, needs_gradient, offsets
        )
        total -= ((weight / tau).unsqueeze(1) * pull).sum()
        scale = (slope / tau).unsqueeze(1)
        grad_anchor.addcmul_(scale, partner, value=-1.0)
        grad_partner = None
        if partners is None and grad_candidate is not None:
            grad_candidate.addcmul_(scale, anchor, value=-1.0)
        elif partners is not None and ctx.needs_input_grad[1]:
            grad_partner = through_unit(scale * -anchor, partner, partner_norm)
        if grad_candidate is not None:
            grad_candidate = through_unit(grad_candidate, candidate, candidate_norm)
        grads = (through_unit(grad_anchor, anchor, anchor_norm), grad_partner, grad_candidate)
        ctx.save_for_backward(*grads)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        scaled = (grad if grad is None else grad * grads[0] for grad in ctx.saved_tensors)
        return *scaled, None, None, None, None, None, None


def unit(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The rows scaled to length one, [n, D], and their lengths before, [n, 1]."""
    norm = torch.linalg.vector_norm(rows, dim=1, keepdim=True).clamp_min(1e-12)
    return rows / norm, norm


def _as_it_is(rows: Tensor) -> tuple[Tensor, None]:
    """The rows themselves, where :func:`unit` would scale them."""
    return rows, None


def through_unit(grad: Tensor, scaled: Tensor, norm: Tensor | None) -> Tensor:
    """The gradient of the rows that :func:`unit` scaled, from that of its result; overwrites ``grad``."""
    if norm is None:
        return grad
    along = (grad * scaled).sum(1, keepdim=True)
    return grad.addcmul_(along, scaled, value=-1.0).div_(norm)


def precision_of(products: str, rows: Tensor) -> torch.dtype:
    """The type of the numbers in matrix products with ``rows``, by its name in ``PRODUCTS``."""
    if products == "auto" and rows.device.type == "cpu" and rows.dtype == torch.float32:
        return fastest_precision()
    return torch.bfloat16 if products == "bfloat16" else rows.dtype


def info_nce(
    anchors: Tensor,
    partners: Tensor,
    candidates: Tensor,
    tau: float,
    *,
    repeats: Tensor | None = None,
    counts: Tensor | None = None,
    products: str = "float32",
    guard: float = 0.0,
    scaled: bool = True,
) -> Tensor:
    """InfoNCE from anchors to candidates, the mean over the anchors.

    mean [ -cos(a, b) / tau + log sum_c exp(cos(a, c) / tau) ], which is mean -log p with p the share of
    the partner, or mean -log(p + guard).

    Args:
        anchors: a, [B, D].
        partners: b, [B, D], the row that belongs to each anchor.
        candidates: c, [M, D]. M may be the number of all nodes: memory grows with B + M, not with B x M.
        tau: Temperature, at least ``LOWEST_TAU``.
        repeats: How often each anchor counts in the mean, [B]. If absent, each counts once. A batch with
            duplicates thus costs no more than its distinct rows.
        counts: How often each candidate counts in the sum, [M]. If absent, each counts once.
        products: Precision of the matrix products, one of ``PRODUCTS``.
        guard: Number added to p, for systems whose equations have one.
        scaled: Whether all rows are scaled to length one, so that products are cosines. Without it,
            products must not exceed tau / ``LOWEST_TAU``.

    Raises:
        ValueError: ``tau`` is too small for float32.

    Paper: van den Oord et al., 2018, equation 4.
    Differs: the releases add 1e-8 inside the logarithm and in the denominator. This changes the loss by
    about 1e-8 * M relative, and is left out. A larger constant is a ``guard``.
    """
    if tau < LOWEST_TAU:
        raise ValueError(f"the temperature of InfoNCE is {tau}; expected at least {LOWEST_TAU}")
    weight = anchors.new_ones(len(anchors)) if repeats is None else repeats.to(anchors.dtype)
    weight = weight / weight.sum()
    counts = None if counts is None else counts.to(candidates.dtype)
    precision = precision_of(products, anchors)
    other = None if partners is candidates else partners
    loss: Tensor = _InfoNCE.apply(anchors, other, candidates, tau, weight, counts, precision, guard, scaled)
    return loss
