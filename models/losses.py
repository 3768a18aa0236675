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
    """Weighted mean over anchors of log sum_c n_c exp(a . c / tau) for unit rows.

    The result is one number, so its gradient is known up to a factor while the block is still at
    hand: it is made in the forward pass, and no [B, M] table is ever kept or made twice.
    Unit rows bound the logits by 1 / tau, which is therefore the shift.
    """

    @staticmethod
    def forward(
        ctx: Any, anchors: Tensor, candidates: Tensor, tau: float, weight: Tensor, counts: Tensor
    ) -> Tensor:
        want_anchors, want_candidates = ctx.needs_input_grad[:2]
        grad_anchors = torch.empty_like(anchors) if want_anchors else None
        grad_candidates = torch.zeros_like(candidates) if want_candidates else None
        total = anchors.new_zeros(())
        shift = anchors.new_tensor(-1.0 / tau)
        counted = candidates * counts
        for start in range(0, len(anchors), BLOCK):
            part = slice(start, start + BLOCK)
            block = anchors[part]
            odds = torch.addmm(shift, block, candidates.t(), alpha=1.0 / tau).exp_()
            mass = odds @ counts
            total += (weight[part] * mass.log()).sum()
            scale = weight[part] / (mass * tau)
            if grad_anchors is not None:
                grad_anchors[part] = (odds @ counted).mul_(scale)
            if grad_candidates is not None:
                grad_candidates.addmm_(odds.t(), block * scale)
        if grad_candidates is not None:
            grad_candidates.mul_(counts)
        ctx.save_for_backward(grad_anchors, grad_candidates)
        return total + 1.0 / tau

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        anchors, candidates = (made if made is None else made * grads[0] for made in ctx.saved_tensors)
        return anchors, candidates, None, None, None


def info_nce(
    anchors: Tensor,
    partners: Tensor,
    candidates: Tensor,
    tau: float,
    *,
    repeats: Tensor | None = None,
    counts: Tensor | None = None,
) -> Tensor:
    """InfoNCE, one direction, mean over the rows.

    mean [ -cos(a, b) / tau + log sum_c exp(cos(a, c) / tau) ]

    Args:
        anchors: a, [B, D].
        partners: b, [B, D], the row each anchor belongs to.
        candidates: c, [M, D]; M may be all nodes, since memory grows with B + M, never B x M.
        tau: Temperature, at least ``LOWEST_TAU``.
        repeats: How often each anchor stands in the batch, [B]; once where absent. A batch with
            duplicates costs as much as its distinct rows.
        counts: The same for the candidates, [M].

    Raises:
        ValueError: ``tau`` is too small for float32.

    Paper: van den Oord et al., 2018, equation 4.
    Differs: the releases add 1e-8 inside logarithm and denominator; these guards move the loss by
    about 1e-8 * M relative, and are left out.
    """
    if tau < LOWEST_TAU:
        raise ValueError(f"InfoNCE's temperature is {tau}; expected at least {LOWEST_TAU}")
    same = partners is candidates
    anchors, partners = functional.normalize(anchors), functional.normalize(partners)
    candidates = partners if same else functional.normalize(candidates)
    weight = _column(repeats, anchors)
    weight = weight / weight.sum()
    pull = (weight * anchors * partners).sum() / tau
    return _MeanLogSumExp.apply(anchors, candidates, tau, weight, _column(counts, candidates)) - pull


def _column(counts: Tensor | None, rows: Tensor) -> Tensor:
    """Counts as a column [n, 1] like ``rows`` [n, D]; ones where absent."""
    if counts is None:
        return rows.new_ones(len(rows), 1)
    return counts.to(rows.dtype).unsqueeze(1)
