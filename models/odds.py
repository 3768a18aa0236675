"""Sums of odds exp(a . c / tau) over many candidates c, in blocks that stay in the cache.

Unit rows bound the logits by 1 / tau, so no shift is needed; powers of 2 take a quarter of the time
of exp. Up to ``MANY`` candidates, a block's odds serve its sums and its gradients. Beyond that they
would leave the cache: the candidates go by in chunks, once for all sums and once more for the
gradients, so that the cost of an odd stays the same however many there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from models.products import product

BLOCK_NUMEL = 1 << 20
"""Odds at hand at once; 4 MiB of them stay in a processor's cache."""

LEAST_BLOCK = 64
"""Anchors a block at least; fewer make the products inefficient."""

MANY = 1 << 15
"""Candidates from which a block's odds leave the cache."""

CHUNK = 1 << 11
"""Candidates that go by at once where there are many."""


def log_sum_odds(
    anchors: Tensor,
    candidates: Tensor,
    tau: float,
    weight: Tensor,
    counts: Tensor | None,
    precision: torch.dtype,
    moving: bool,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Weighted sum over anchors of log sum_c n_c exp(a . c / tau), and its gradients.

    Unit rows [B, D] and [M, D], ``weight`` [B], ``counts`` n [M]; candidates have a gradient if ``moving``.
    """
    blocks = _blocks(anchors, candidates, tau, counts, precision)
    sums = anchors.new_zeros(anchors.shape[1] + 1, len(anchors))
    grad_anchors = torch.empty_like(anchors)
    grad_candidates = torch.zeros_like(candidates) if moving else None
    grads = grad_candidates.split(blocks.chunk_rows) if grad_candidates is not None else ()
    pulls = blocks.powers.new_empty(anchors.shape[1], len(anchors))

    def scale(part: slice) -> None:
        """Turn the anchors' sums into their gradients, and into what they pull candidates with."""
        share = weight[part] / (sums[-1, part] * tau)
        torch.mul(sums[:-1, part].t(), share.unsqueeze(1), out=grad_anchors[part])
        pulls[:, part] = anchors[part].t() * share

    for number, summand in enumerate(blocks.counted):
        for part in blocks.parts:
            odds = blocks.odds(number, part)
            sums[:, part] += product(summand, odds.t())
            if not blocks.many:
                scale(part)
                for grad in grads:
                    grad += product(odds, pulls[:, part])
    if blocks.many:
        scale(slice(0, len(anchors)))
        _pull_again(grads, pulls, blocks)
    if grad_candidates is not None and counts is not None:
        grad_candidates.mul_(counts.unsqueeze(1))
    return weight @ sums[-1].log(), grad_anchors, grad_candidates


class _Blocks(NamedTuple):
    """Anchors and candidates in blocks whose odds stay in the cache.

    Attributes:
        many: Whether candidates are in several chunks.
        chunk_rows: Candidates a chunk.
        chunks: Candidates, [chunk_rows, D] each.
        counted: :func:`_with_counts` of each chunk.
        powers: Anchors [B, D], scaled to powers of 2.
        parts: Anchors of each block.
    """

    many: bool
    chunk_rows: int
    chunks: list[Tensor]
    counted: tuple[Tensor, ...]
    powers: Tensor
    parts: list[slice]

    def odds(self, number: int, part: slice) -> Tensor:
        """exp(a . c / tau) of a chunk's candidates and a block's anchors, [candidates, anchors]."""
        return product(self.chunks[number], self.powers[part]).exp2_()


def _blocks(
    anchors: Tensor, candidates: Tensor, tau: float, counts: Tensor | None, precision: torch.dtype
) -> _Blocks:
    many = len(candidates) > MANY
    chunk_rows = CHUNK if many else len(candidates)
    size = max(LEAST_BLOCK, BLOCK_NUMEL // chunk_rows)
    return _Blocks(
        many,
        chunk_rows,
        [part.to(precision) for part in candidates.split(chunk_rows)],
        _with_counts(candidates, counts).to(precision).split(chunk_rows, dim=1),
        (anchors / (tau * math.log(2.0))).to(precision),
        [slice(start, start + size) for start in range(0, len(anchors), size)],
    )


def _pull_again(grads: Sequence[Tensor], pulls: Tensor, blocks: _Blocks) -> None:
    """Add what anchors pull candidates with, in a second pass over the odds."""
    for number, grad in enumerate(grads):
        for part in blocks.parts:
            grad += product(blocks.odds(number, part), pulls[:, part])


def _with_counts(candidates: Tensor, counts: Tensor | None) -> Tensor:
    """Candidates times their counts, and the counts below: what odds sum up to, [D + 1, M]."""
    made = candidates.new_ones(candidates.shape[1] + 1, len(candidates))
    if counts is not None:
        made[:] = counts
    made[:-1] *= candidates.t()
    return made
