"""Matrix products with embeddings and text rows, and the linear layer that uses them."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

# torch computes float32 products on a processor with MKL, which takes 2 to 3 times as long as oneDNN for
# these shapes on AMD processors. This operation is oneDNN's; torch.compile uses it as well.
_ONEDNN = torch.ops.mkldnn._linear_pointwise if torch.backends.mkldnn.is_available() else None


SHAPE, TRIES, WORTH = (256, 32, 20_000), 5, 1.1
"""Rows, columns and candidates of the products that are timed; how often; and how much faster is faster."""

Rows = slice | Tensor
"""Rows of a table: a range of them, or their numbers."""


def take(table: Tensor, rows: Rows) -> Tensor:
    """The chosen rows [n, D] of a table.

    Uses ``index_select``, whose gradient takes a fifth of the time of that of indexing.
    """
    return table[rows] if isinstance(rows, slice) else table.index_select(0, rows)


def product(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """The product left @ right^T + bias, [n, m], of left [n, k], right [m, k] and bias [m].

    Both tables may have any strides. The result has no gradient.
    """
    if _ONEDNN is not None and left.device.type == "cpu" and left.dtype == torch.float32:
        result: Tensor = _ONEDNN(_packed(left), _packed(right), bias, "none", [], "")
        return result
    return functional.linear(left, right, bias)


@cache
def fastest_precision() -> torch.dtype:
    """bfloat16 if its products are clearly faster than those of float32 on this processor, else float32.

    It is measured once in each process, by the shortest of several times. Processors with instructions for
    bfloat16 (AMX, AVX-512 BF16) gain; others need up to twenty times as long with it.
    """
    rows, columns, candidates = SHAPE
    seconds = {}
    for precision in (torch.float32, torch.bfloat16):
        left = torch.ones(rows, columns, dtype=precision)
        right = torch.ones(candidates, columns, dtype=precision)
        product(left, right)
        seconds[precision] = min(_seconds(left, right) for _ in range(TRIES))
    return torch.bfloat16 if seconds[torch.float32] > WORTH * seconds[torch.bfloat16] else torch.float32


def _seconds(left: Tensor, right: Tensor) -> float:
    started = time.perf_counter()
    product(left, right)
    return time.perf_counter() - started


def _packed(rows: Tensor) -> Tensor:
    """The rows without gaps in memory, by row or by column; oneDNN takes 400 times as long with gaps."""
    return rows if rows.is_contiguous() or rows.t().is_contiguous() else rows.contiguous()


class _Affine(torch.autograd.Function):
    """rows @ weight^T + bias; this product and those of its gradient are all :func:`product`."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(rows, weight)
        return product(rows, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        (rows, weight), grad = ctx.saved_tensors, grads[0]
        grad_rows = product(grad, weight.t()) if ctx.needs_input_grad[0] else None
        return grad_rows, product(grad.t(), rows.t()), grad.sum(0)


class Linear(nn.Linear):
    """``nn.Linear`` with bias for rows [n, in_features], computed by :func:`product`."""

    def forward(self, rows: Tensor) -> Tensor:
        """The product rows @ weight^T + bias, [n, out_features]."""
        result: Tensor = _Affine.apply(rows, self.weight, self.bias)
        return result
