"""Products with sparse matrices in compressed-sparse-row (CSR) form."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def sparse_product(starts: Tensor, columns: Tensor, values: Tensor, rows: Tensor) -> Tensor:
    """The CSR matrix (``starts`` [n+1], ``columns``, ``values``) times rows [m, D]; has no gradient.

    Each row of the product is a weighted sum of rows, which torch's kernel for bags of embeddings
    computes in half the time of its CSR product.
    """
    return functional.embedding_bag(
        columns, rows.detach(), starts, mode="sum", per_sample_weights=values, include_last_offset=True
    )


def sampled_dots(left: Tensor, right: Tensor, starts: Tensor, columns: Tensor) -> Tensor:
    """left_b . right_c at every entry (b, c) of a CSR pattern, for rows [B, D] and [M, D]; has no gradient.

    The pattern [B, M] with n entries is given by ``starts`` [B+1] and ``columns`` [n]. No [n, D] table is
    made.
    """
    with warnings.catch_warnings():
        # torch warns that CSR tensors are in beta, and 2.11 of invariants too. What is used here is stable.
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        warnings.filterwarnings("ignore", message="Sparse invariant checks are implicitly disabled")
        pattern = torch.sparse_csr_tensor(
            starts, columns, left.new_zeros(len(columns)), (len(left), len(right)), check_invariants=False
        )
    dots: Tensor = torch.sparse.sampled_addmm(pattern, left, right.t(), beta=0.0).values()
    return dots


def scores_at(left: Tensor, right: Tensor, columns: Tensor) -> Tensor:
    """left_b . right_c for every column c of row b: rows [B, D] and [M, D], ``columns`` [B, n] -> [B, n]."""
    if columns.shape[1] > len(right):  # torch samples no pattern with more entries in a row than columns
        return (left @ right.t()).gather(1, columns)
    scores: Tensor = _ChosenDots.apply(left, right, columns)
    return scores


class _ChosenDots(torch.autograd.Function):
    """Sampled products whose gradients are two sparse products. No [B, n, D] table is made."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, columns: Tensor) -> Tensor:
        ctx.save_for_backward(left, right, columns)
        return sampled_dots(left, right, _even_starts(columns), columns.flatten()).view(columns.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        left, right, columns = ctx.saved_tensors
        chosen, values = columns.flatten(), grads[0].flatten()
        order = chosen.argsort()
        counts = torch.bincount(chosen, minlength=len(right))
        starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        grad_left = sparse_product(_even_starts(columns), chosen, values, right)
        grad_right = sparse_product(starts, order // columns.shape[1], values[order], left)
        return grad_left, grad_right, None


def _even_starts(columns: Tensor) -> Tensor:
    """The CSR starts [B+1] of ``columns`` [B, n], flattened."""
    return torch.arange(0, columns.numel() + 1, columns.shape[1], device=columns.device)
