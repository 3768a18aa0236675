"""Pure losses; every softmax over many candidates runs in row blocks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.hyper import LOWEST_TAU
from models.odds import log_sum_odds


def bpr(user: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Bayesian personalised ranking: mean softplus(negative - positive score); rows [B, D].

    Paper: Rendle et al., UAI 2009, section 4.1.
    """
    gap = (user * negative).sum(-1) - (user * positive).sum(-1)
    return functional.softplus(gap).mean()


class _InfoNCE(torch.autograd.Function):
    """InfoNCE whose gradient is made in the forward pass.

    The result is one number, so its gradient is known up to a factor while a block of odds is still
    at hand, and no [B, M] table is ever kept. ``partners`` None stands for the candidates themselves.
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
    ) -> Tensor:
        anchor, anchor_norm = _unit(anchors)
        candidate, candidate_norm = _unit(candidates)
        partner, partner_norm = (candidate, candidate_norm) if partners is None else _unit(partners)
        moving = ctx.needs_input_grad[2]  # not so for given rows, such as the text's own
        total, grad_anchor, grad_candidate = log_sum_odds(
            anchor, candidate, tau, weight, counts, precision, moving
        )
        pull = (weight / tau).unsqueeze(1)
        total -= (pull * (anchor * partner).sum(1, keepdim=True)).sum()
        grad_anchor.addcmul_(pull, partner, value=-1.0)
        grad_partner = None
        if partners is None and grad_candidate is not None:
            grad_candidate.addcmul_(pull, anchor, value=-1.0)
        elif partners is not None and ctx.needs_input_grad[1]:
            grad_partner = _through_unit(pull * -anchor, partner, partner_norm)
        if grad_candidate is not None:
            grad_candidate = _through_unit(grad_candidate, candidate, candidate_norm)
        grads = (_through_unit(grad_anchor, anchor, anchor_norm), grad_partner, grad_candidate)
        ctx.save_for_backward(*grads)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        made = (grad if grad is None else grad * grads[0] for grad in ctx.saved_tensors)
        return *made, None, None, None, None


def _unit(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of length one, [n, D], and their lengths before, [n, 1]."""
    norm = torch.linalg.vector_norm(rows, dim=1, keepdim=True).clamp_min(1e-12)
    return rows / norm, norm


def _through_unit(grad: Tensor, unit: Tensor, norm: Tensor) -> Tensor:
    """The gradient of unit rows carried back to the rows they came from; writes over ``grad``."""
    along = (grad * unit).sum(1, keepdim=True)
    return grad.addcmul_(along, unit, value=-1.0).div_(norm)


def info_nce(
    anchors: Tensor,
    partners: Tensor,
    candidates: Tensor,
    tau: float,
    *,
    repeats: Tensor | None = None,
    counts: Tensor | None = None,
    products: str = "float32",
) -> Tensor:
    """InfoNCE, one direction, mean over the rows.

    mean [ -cos(a, b) / tau + log sum_c exp(cos(a, c) / tau) ]

    Args:
        anchors: a, [B, D].
        partners: b, [B, D], the row each anchor belongs to.
        candidates: c, [M, D]; M may be all nodes, since memory grows with B + M, never B x M.
        tau: Temperature, at least ``LOWEST_TAU``.
        repeats: How often each anchor stands in the batch, or its weight in the mean, [B]; once
            where absent. A batch with duplicates costs as much as its distinct rows.
        counts: The same for the candidates, [M].
        products: Precision of the blocked products, one of ``PRODUCTS``.

    Raises:
        ValueError: ``tau`` is too small for float32.

    Paper: van den Oord et al., 2018, equation 4.
    Differs: the releases add 1e-8 inside logarithm and denominator; these guards move the loss by
    about 1e-8 * M relative, and are left out.
    """
    if tau < LOWEST_TAU:
        raise ValueError(f"InfoNCE's temperature is {tau}; expected at least {LOWEST_TAU}")
    weight = anchors.new_ones(len(anchors)) if repeats is None else repeats.to(anchors.dtype)
    weight = weight / weight.sum()
    counts = None if counts is None else counts.to(candidates.dtype)
    precision = anchors.dtype if products == "float32" else torch.bfloat16
    other = None if partners is candidates else partners
    made: Tensor = _InfoNCE.apply(anchors, other, candidates, tau, weight, counts, precision)
    return made
