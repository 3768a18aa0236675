"""Dense products with the narrow matrices of embeddings and text rows, and the layer made of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

# torch gives float32 products on a processor to MKL, which takes 2 to 3 times as long as oneDNN for
# these shapes on AMD processors. This operation is oneDNN's; torch.compile emits it as well.
_ONEDNN = torch.ops.mkldnn._linear_pointwise if torch.backends.mkldnn.is_available() else None


Rows = slice | Tensor
"""Which rows of a table: a span, or their numbers."""


def take(table: Tensor, rows: Rows) -> Tensor:
    """The chosen rows [n, D] of a table; by ``index_select``, whose gradient costs a fifth of indexing's."""
    return table[rows] if isinstance(rows, slice) else table.index_select(0, rows)


def product(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """The product left @ right^T + bias [m] of left [n, k] and right [m, k] of any strides; no gradient."""
    if _ONEDNN is not None and left.device.type == "cpu" and left.dtype == torch.float32:
        made: Tensor = _ONEDNN(_packed(left), _packed(right), bias, "none", [], "")
        return made
    return functional.linear(left, right, bias)


def _packed(rows: Tensor) -> Tensor:
    """Rows without gaps, in either order; a slice of columns would take oneDNN 400 times as long."""
    return rows if rows.is_contiguous() or rows.t().is_contiguous() else rows.contiguous()


class _Affine(torch.autograd.Function):
    """rows @ weight^T + bias with products in three directions."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(rows, weight)
        return product(rows, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        (rows, weight), grad = ctx.saved_tensors, grads[0]
        down = product(grad, weight.t()) if ctx.needs_input_grad[0] else None
        return down, product(grad.t(), rows.t()), grad.sum(0)


class Linear(nn.Linear):
    """``nn.Linear`` with bias for rows [n, in_features], on :func:`product`."""

    def forward(self, rows: Tensor) -> Tensor:
        """Affine map of rows, [n, out_features]."""
        made: Tensor = _Affine.apply(rows, self.weight, self.bias)
        return made
