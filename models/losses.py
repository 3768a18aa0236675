"""Pure losses; every softmax over many candidates runs in row blocks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.products import product

BLOCK_NUMEL = 1 << 20
"""Odds at hand at once; 4 MiB of them stay in a processor's cache."""

LEAST_BLOCK = 64
"""Anchors a block at least; fewer make the products inefficient."""

CHUNK = 1 << 15
"""Candidates a block at most; beyond it the blocks leave the cache and their odds are made twice."""

LOWEST_TAU = 0.03
"""Below it exp(1 / tau) over many candidates nears float32's end."""


def bpr(user: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Bayesian personalised ranking: mean softplus(negative - positive score); rows [B, D].

    Paper: Rendle et al., UAI 2009, section 4.1.
    """
    gap = (user * negative).sum(-1) - (user * positive).sum(-1)
    return functional.softplus(gap).mean()


class _MeanLogSumExp(torch.autograd.Function):
    """Weighted mean over anchors of log sum_c n_c exp(a . c / tau) for unit rows.

    The result is one number, so its gradient is known up to a factor while a block of odds is still
    at hand: it is made in the forward pass, and no [B, M] table is ever kept. Unit rows bound the
    logits by 1 / tau, so no shift is needed; powers of 2 take a quarter of the time of exp.
    """

    @staticmethod
    def forward(
        ctx: Any,
        anchors: Tensor,
        candidates: Tensor,
        tau: float,
        weight: Tensor,
        counts: Tensor | None,
        precision: torch.dtype,
    ) -> Tensor:
        total, grad_anchors = anchors.new_zeros(()), torch.empty_like(anchors)
        moving = ctx.needs_input_grad[1]  # not so for given rows, such as the text's own
        grad_candidates = torch.zeros_like(candidates) if moving else None
        chunks = [part.to(precision) for part in candidates.split(CHUNK)]
        counted = _with_counts(candidates, counts).to(precision)
        counted_chunks = [part.t().contiguous() for part in counted.split(CHUNK)]
        rows = max(LEAST_BLOCK, BLOCK_NUMEL // len(candidates))
        for start in range(0, len(anchors), rows):
            part = slice(start, start + rows)
            powers = (anchors[part] / (tau * math.log(2.0))).to(precision)
            sums = anchors.new_zeros(anchors.shape[1] + 1, len(powers))
            for chunk, summand in zip(chunks, counted_chunks, strict=True):
                odds = product(chunk, powers).exp2_()
                sums += product(summand, odds.t())
            mass = sums[-1]
            total += weight[part] @ mass.log()
            scale = weight[part] / (mass * tau)
            torch.mul(sums[:-1].t(), scale.unsqueeze(1), out=grad_anchors[part])
            if grad_candidates is None:
                continue
            pulls = (anchors[part].t() * scale).contiguous().to(precision)
            for chunk, grad in zip(chunks, grad_candidates.split(CHUNK), strict=True):
                if len(chunks) > 1:  # more than the cache holds: made again, not kept
                    odds = product(chunk, powers).exp2_()
                grad += product(odds, pulls)
        if grad_candidates is not None and counts is not None:
            grad_candidates.mul_(counts)
        ctx.save_for_backward(grad_anchors, grad_candidates)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        anchors, candidates = (made if made is None else made * grads[0] for made in ctx.saved_tensors)
        return anchors, candidates, None, None, None, None


def _with_counts(candidates: Tensor, counts: Tensor | None) -> Tensor:
    """Candidates times their counts, and the counts behind them: what odds sum up to, [M, D + 1]."""
    if counts is None:
        return functional.pad(candidates, (0, 1), value=1.0)
    return torch.cat([candidates * counts, counts], dim=1)


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
    same = partners is candidates
    anchors, partners = functional.normalize(anchors), functional.normalize(partners)
    candidates = partners if same else functional.normalize(candidates)
    weight = anchors.new_ones(len(anchors)) if repeats is None else repeats.to(anchors.dtype)
    weight = weight / weight.sum()
    counted = None if counts is None else counts.to(candidates.dtype).unsqueeze(1)
    pull = weight @ (anchors * partners).sum(1) / tau
    precision = anchors.dtype if products == "float32" else torch.bfloat16
    push = _MeanLogSumExp.apply(anchors, candidates, tau, weight, counted, precision)
    return push - pull
