"""Sums of exp(a . c / tau) over many candidates c, with their gradients, in blocks that fit the cache.

The logits a . c / tau of rows of length one are at most 1 / tau, so that no maximum has to be subtracted
before exp. Powers of 2 take a quarter of the time of exp, so that the logits are scaled to base 2.

Up to ``MANY`` candidates, the exp-logits of a block of anchors with all candidates are computed once, and
give both the sums and the gradients. With more candidates such a block would not fit the cache: the
candidates are then taken in chunks, once for all sums and once more for the gradients of the candidates.
The time for one exp-logit is thus the same for any number of candidates.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from models.products import add_product, product

BLOCK_NUMEL = 1 << 20
"""Number of float32 exp-logits in a block: 4 MiB, which fit the cache of a processor."""

CARD_BLOCK_NUMEL = 1 << 24
"""The same on a GPU, where a step with the blocks of a processor takes two to three times as long."""

LEAST_BLOCK, MOST_BLOCK, STEP_BLOCK = 64, 512, 32
"""Least number of anchors in a block; and, on a processor, the largest number and what it is a multiple of.
Outside of these limits, and with odd numbers, the products become inefficient. A block of bfloat16 has twice
as many anchors in the same memory, and at least twice as many."""

MANY = 1 << 15
"""Number of candidates beyond which they are taken in chunks."""

CHUNK = 1 << 11
"""Number of candidates in a chunk."""


def log_sum_exp(
    anchors: Tensor,
    candidates: Tensor,
    tau: float,
    weight: Tensor,
    counts: Tensor | None,
    precision: torch.dtype,
    needs_gradient: bool,
    offsets: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """The weighted sum over anchors a of log Z_a, with Z_a = sum_c n_c exp(a . c / tau), and its gradients.

    The rows of ``anchors`` [B, D] and ``candidates`` [M, D] have length one, or products so small that their
    exp-logits do not overflow. ``weight`` is [B]; ``counts`` n is [M], and ones if absent. Products are
    computed in ``precision``. If ``offsets`` o [B] are given, Z_a / (1 + o_a Z_a) takes the place of Z_a.

    Returns:
        The sum; the derivative by each log Z_a [B], which is ``weight`` without offsets; the gradient of the
        anchors [B, D]; and that of the candidates [M, D] if it is needed.
    """
    blocks = _blocks(anchors, candidates, tau, counts, precision)
    sums = anchors.new_zeros(anchors.shape[1] + 1, len(anchors))
    grad_candidates = torch.zeros_like(candidates) if needs_gradient else None
    grads = grad_candidates.split(blocks.chunk_rows) if grad_candidates is not None else ()

    def slope_of(rows: slice) -> Tensor:
        """The derivative by log Z_a of these anchors, once their sums are complete, [n]."""
        return weight[rows] if offsets is None else weight[rows] / (1.0 + offsets[rows] * sums[-1, rows])

    def shared(rows: slice) -> Tensor:
        """These anchors times what one of their exp-logits adds to the loss, divided by tau, [D, n]."""
        share = slope_of(rows) / (sums[-1, rows] * tau)
        return (anchors[rows].t() * share).to(precision)

    for number, summand in enumerate(blocks.summands):
        for rows in blocks.anchor_rows:
            exp_logits = blocks.exp_logits(number, rows)
            add_product(sums[:, rows], summand, exp_logits.t())
            if grads and not blocks.many:
                add_product(grads[0], exp_logits, shared(rows))
    if blocks.many:
        for number, grad in enumerate(grads):  # from exp-logits that are computed a second time
            for rows in blocks.anchor_rows:
                add_product(grad, blocks.exp_logits(number, rows), shared(rows))
    if grad_candidates is not None and counts is not None:
        grad_candidates.mul_(counts.unsqueeze(1))
    slope = slope_of(slice(None))
    grad_anchors = torch.empty_like(anchors)
    torch.mul(sums[:-1].t(), (slope / (sums[-1] * tau)).unsqueeze(1), out=grad_anchors)
    guarded = sums[-1] if offsets is None else sums[-1] / (1.0 + offsets * sums[-1])
    return weight @ guarded.log(), slope, grad_anchors, grad_candidates


def weighted_sums(
    anchors: Tensor,
    candidates: Tensor,
    tau: float,
    candidate_rows: Tensor,
    anchor_rows: Tensor | None,
    precision: torch.dtype,
) -> tuple[Tensor, Tensor | None]:
    """The table X of exp(a . c / tau) [B, M] times rows, and its transpose times other rows.

    The rows of ``anchors`` [B, D] and ``candidates`` [M, D] have length one. Products are computed in
    ``precision``.

    Returns:
        X @ ``candidate_rows`` [M, K], [B, K]; and X^T @ ``anchor_rows`` [B, L], [M, L], or None without them.
    """
    blocks = _blocks(anchors, candidates, tau, None, precision)
    summands = candidate_rows.t().to(precision).split(blocks.chunk_rows, dim=1)
    sums = candidate_rows.new_zeros(candidate_rows.shape[1], len(anchors))
    other = None if anchor_rows is None else anchor_rows.t().to(precision)
    other_sums = None if anchor_rows is None else anchor_rows.new_zeros(len(candidates), anchor_rows.shape[1])
    for number, summand in enumerate(summands):
        first = number * blocks.chunk_rows
        for rows in blocks.anchor_rows:
            exp_logits = blocks.exp_logits(number, rows)
            add_product(sums[:, rows], summand, exp_logits.t())
            if other is not None and other_sums is not None:
                add_product(other_sums[first : first + len(exp_logits)], exp_logits, other[:, rows])
    return sums.t(), other_sums


class _Blocks(NamedTuple):
    """Anchors in blocks and candidates in chunks, such that a block's exp-logits with a chunk fit the cache.

    Attributes:
        many: Whether there are several chunks.
        chunk_rows: Number of candidates in a chunk.
        chunks: The candidates, [chunk_rows, D] each.
        summands: :func:`_with_counts` of each chunk.
        anchors: The anchors [B, D], scaled such that 2 to the power of their products is the exp-logit.
        anchor_rows: The anchors of each block.
    """

    many: bool
    chunk_rows: int
    chunks: list[Tensor]
    summands: tuple[Tensor, ...]
    anchors: Tensor
    anchor_rows: list[slice]

    def exp_logits(self, number: int, rows: slice) -> Tensor:
        """exp(a . c / tau) of the candidates of a chunk and the anchors of a block, [candidates, anchors]."""
        return product(self.chunks[number], self.anchors[rows]).exp2_()


def _blocks(
    anchors: Tensor, candidates: Tensor, tau: float, counts: Tensor | None, precision: torch.dtype
) -> _Blocks:
    many = len(candidates) > MANY
    chunk_rows = CHUNK if many else len(candidates)
    if anchors.is_cuda:
        size = max(LEAST_BLOCK, CARD_BLOCK_NUMEL // chunk_rows)
    else:
        size = _anchors_in_block(chunk_rows, precision)
    return _Blocks(
        many,
        chunk_rows,
        [chunk.to(precision) for chunk in candidates.split(chunk_rows)],
        _with_counts(candidates, counts).to(precision).split(chunk_rows, dim=1),
        (anchors / (tau * math.log(2.0))).to(precision),
        [slice(start, start + size) for start in range(0, len(anchors), size)],
    )


def _anchors_in_block(chunk_rows: int, precision: torch.dtype) -> int:
    """The number of anchors whose exp-logits with ``chunk_rows`` candidates a processor computes together."""
    float32_anchors = max(LEAST_BLOCK, BLOCK_NUMEL // chunk_rows)
    anchors = float32_anchors * torch.float32.itemsize // precision.itemsize
    return min(anchors // STEP_BLOCK * STEP_BLOCK, MOST_BLOCK)


def _with_counts(candidates: Tensor, counts: Tensor | None) -> Tensor:
    """Candidates times their counts, and the counts as a last row, [D + 1, M].

    Multiplied by exp-logits, it gives the weighted sum of the candidates and the sum of the exp-logits.
    """
    summand = candidates.new_ones(candidates.shape[1] + 1, len(candidates))
    if counts is not None:
        summand[:] = counts
    summand[:-1] *= candidates.t()
    return summand
