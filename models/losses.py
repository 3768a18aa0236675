"""Pure losses; every softmax over many candidates runs in row blocks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

BLOCK = 256
"""Anchors a block; 512 rows against 20,000 candidates leave a 2 MiB cache."""

LOWEST_TAU = 0.03
"""Below it exp(-2 / tau) nears the smallest float32."""


def bpr(user: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Bayesian personalised ranking: mean softplus(negative - positive score); rows [B, D].

    Paper: Rendle et al., UAI 2009, section 4.1.
    """
    gap = (user * negative).sum(-1) - (user * positive).sum(-1)
    return functional.softplus(gap).mean()


class _MeanLogSumExp(torch.autograd.Function):
    """Mean over rows of log sum exp(a . c / tau) for unit rows a [B, D], c [M, D].

    The result is one number, so its gradient is known up to a factor while the block is still at
    hand: it is made in the forward pass, and no [B, M] table is ever kept or made twice.
    Unit rows bound the logits by 1 / tau, which is therefore the shift.
    """

    @staticmethod
    def forward(ctx: Any, anchors: Tensor, candidates: Tensor, tau: float) -> Tensor:
        want_anchors, want_candidates = ctx.needs_input_grad[:2]
        grad_anchors = torch.empty_like(anchors) if want_anchors else None
        grad_candidates = torch.zeros_like(candidates) if want_candidates else None
        scale = 1.0 / (tau * len(anchors))
        total = anchors.new_zeros(())
        transposed = candidates.t()
        shift = anchors.new_tensor(-1.0 / tau)
        for start in range(0, len(anchors), BLOCK):
            block = anchors[start : start + BLOCK]
            odds = torch.addmm(shift, block, transposed, alpha=1.0 / tau).exp_()
            mass = odds.sum(1, keepdim=True)
            total += mass.log().sum()
            if grad_anchors is not None:
                grad_anchors[start : start + BLOCK] = (odds @ candidates).mul_(scale / mass)
            if grad_candidates is not None:
                grad_candidates.addmm_(odds.t(), block * (scale / mass))
        ctx.save_for_backward(grad_anchors, grad_candidates)
        return total / len(anchors) + 1.0 / tau

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        anchors, candidates = ctx.saved_tensors
        (grad,) = grads
        return (
            None if anchors is None else anchors * grad,
            None if candidates is None else candidates * grad,
            None,
        )


def info_nce(anchors: Tensor, partners: Tensor, candidates: Tensor, tau: float) -> Tensor:
    """InfoNCE, one direction, mean over the rows.

    mean [ -cos(a, b) / tau + log sum_c exp(cos(a, c) / tau) ]

    Args:
        anchors: a, [B, D].
        partners: b, [B, D], the row each anchor belongs to.
        candidates: c, [M, D]; M may be all nodes, since memory grows with B + M, never B x M.
        tau: Temperature, at least ``LOWEST_TAU``.

    Raises:
        ValueError: ``tau`` is too small for float32.

    Paper: van den Oord et al., 2018, equation 4.
    Differs: the releases add 1e-8 inside logarithm and denominator; cosines are bounded, so the
    guards never act, and they are left out.
    """
    if tau < LOWEST_TAU:
        raise ValueError(f"InfoNCE's temperature is {tau}; expected at least {LOWEST_TAU}")
    same = partners is candidates
    anchors, partners = functional.normalize(anchors), functional.normalize(partners)
    candidates = partners if same else functional.normalize(candidates)
    pull = (anchors * partners).sum(-1).mean() / tau
    return _MeanLogSumExp.apply(anchors, candidates, tau) - pull
