"""Matrix products with embeddings and text rows, and the linear layer that uses them."""

from __future__ import annotations

import platform
import time
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

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
    if _with_onednn(left):
        # torch has no switch for this. The operation is the one that torch.compile emits.
        result: Tensor = torch.ops.mkldnn._linear_pointwise(
            _packed(left), _packed(right), bias, "none", [], ""
        )
        return result
    return functional.linear(left, right, bias)


def add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Add the product left @ right^T to ``total`` [n, m], which may be of another type; has no gradient."""
    if total.dtype != left.dtype or _with_onednn(left):
        total += product(left, right)
    else:
        total.addmm_(left, right.t())  # one pass over ``total`` less


def _with_onednn(left: Tensor) -> bool:
    """Whether oneDNN computes the products of ``left``, instead of the library that torch takes."""
    return left.device.type == "cpu" and left.dtype == torch.float32 and _prefers_onednn()


@cache
def _prefers_onednn() -> bool:
    """Whether oneDNN is faster than MKL, torch's own choice for float32.

    MKL is the faster one on Intel's processors, and takes 2 to 3 times as long on AMD's. The maker decides
    and not a measurement, so that a machine computes the same digits in every process.
    """
    return torch.backends.mkldnn.is_available() and "GenuineIntel" not in _processor()


def _processor() -> str:
    """What the system says of the processor, its maker among it."""
    information = Path("/proc/cpuinfo")
    return information.read_text(encoding="utf-8") if information.exists() else platform.processor()


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
