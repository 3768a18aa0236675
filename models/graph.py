"""Propagation over the train graph as compressed-sparse-row (CSR) products."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.sparse import sampled_dots, sparse_product

Entries = tuple[Tensor, Tensor]
"""Values [2E] of a matrix with the graph's pattern, and of its transpose."""


class Graph(nn.Module):
    """The undirected user-item graph of the train pairs; users are nodes 0 .. U-1.

    The symmetric CSR pattern [N, N] serves a matrix and its transpose: entry p of the transpose
    is entry ``mirror[p]`` of the matrix.

    Buffers: ``starts`` [N+1], ``columns`` [2E] and ``values`` [2E] of A-bar = D^-1/2 A D^-1/2
    without self loops; ``edge_of`` [2E] the train pair behind an entry, pairs ordered by user and
    item; ``user_starts`` [U+1] and ``user_columns`` [E] the pattern [U, I] of the pairs alone.
    """

    starts: Tensor
    columns: Tensor
    values: Tensor
    edge_of: Tensor
    mirror: Tensor
    user_starts: Tensor
    user_columns: Tensor

    def __init__(self, user: Tensor, item: Tensor, users: int, items: int) -> None:
        """Build from train pairs ``user`` [E] and ``item`` [E], without duplicates.

        Raises:
            ValueError: A pair stands twice, or there is none.
        """
        super().__init__()
        self.users, self.items, self.nodes = users, items, users + items
        if len(user) == 0:
            raise ValueError("the train graph has no edge; expected at least one train pair")
        ones = np.ones(len(user), dtype=np.int64)
        pairs = sp.csr_matrix((ones, (user.numpy(), item.numpy())), shape=(users, items))
        if pairs.nnz != len(user):
            raise ValueError("the train graph has a pair twice; expected every pair once")
        pairs.sort_indices()
        pairs.data = np.arange(1, len(user) + 1)  # each pair's number, from 1 since 0 is no entry
        whole = sp.block_array([[None, pairs], [pairs.T, None]], format="csr")
        whole.sort_indices()
        degree = np.maximum(np.diff(whole.indptr), 1)
        source = np.repeat(np.arange(self.nodes), np.diff(whole.indptr))
        scale = 1.0 / np.sqrt(degree)
        buffers = {
            "starts": whole.indptr.astype(np.int32),  # half the traffic of 64 bits
            "columns": whole.indices.astype(np.int32),
            "values": (scale[source] * scale[whole.indices]).astype(np.float32),
            "edge_of": whole.data - 1,
            "mirror": np.lexsort((source, whole.indices)),
            "user_starts": pairs.indptr.astype(np.int64),
            "user_columns": pairs.indices.astype(np.int64),
        }
        for name, array in buffers.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def propagate(self, rows: Tensor, entries: Entries | None = None) -> Tensor:
        """A-bar @ rows for rows [N, D]; ``entries`` of :meth:`drop` in place of A-bar's own."""
        values, transposed = entries or (self.values, self.values)
        return _Product.apply(rows, self, values, transposed)

    def drop(self, keep: float) -> Entries | None:
        """A-bar with each directed entry kept with probability ``keep``; None where all are kept.

        Kept entries are not rescaled and the two directions of an edge are dropped independently,
        as in RLMRec's LightGCN and SGL.
        """
        if keep >= 1.0:
            return None
        kept = self.values * (torch.rand_like(self.values) < keep)
        return kept, kept.index_select(0, self.mirror)

    def attend(self, rows: Tensor, basis: Tensor) -> Tensor:
        """G(basis) @ rows: the mean of the neighbours' rows [N, D] weighted by similarity.

        m_ij = (cos(x_i, x_j) + 1) / 2 on the train edges for x = basis [N, D], rows normalised.
        Since m_ij = m_ji each undirected edge's cosine is made once.

        Paper: DCCF (Ren et al., SIGIR 2023), equations 8 to 10.
        """
        unit = functional.normalize(basis)
        cosine = _EdgeDot.apply(unit, self)
        weight = (cosine + 1.0) / 2.0
        ones = rows.new_ones(self.nodes, 1)
        mass = _WeightedProduct.apply(weight, ones, self)
        return _WeightedProduct.apply(weight, rows, self) / mass.clamp_min(1e-12)

    def mean_of_items(self, rows: Tensor) -> Tensor:
        """The mean of each user's train items' rows, [U, T], for item rows [I, T]; zero without any."""
        degree = self.user_starts.diff()
        weight = (1.0 / degree.clamp_min(1)).to(rows.dtype).repeat_interleave(degree)
        return sparse_product(self.user_starts, self.user_columns, weight, rows)

    def multiply(self, values: Tensor, rows: Tensor) -> Tensor:
        """M @ rows [N, D] for the matrix M [N, N] with this pattern and ``values`` [2E]; no gradient."""
        return sparse_product(self.starts, self.columns, values, rows)

    def degrees(self) -> Tensor:
        """Train pairs of every node, [N]."""
        return self.starts.diff()

    def multiply_symmetric(self, weight: Tensor, rows: Tensor) -> Tensor:
        """M @ rows [N, D] for the symmetric M with one ``weight`` [E] a train pair; no gradient."""
        return self.multiply(weight.index_select(0, self.edge_of), rows)

    def dots(self, left: Tensor, right: Tensor) -> Tensor:
        """left_u . right_i of every train pair, [E], for rows [N, D]; no [E, D] table is made."""
        return sampled_dots(left[: self.users], right[self.users :], self.user_starts, self.user_columns)


class _Product(torch.autograd.Function):
    """A @ rows whose backward pass is a CSR product too, with A's transpose given by its values."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, graph: Graph, values: Tensor, transposed: Tensor) -> Tensor:
        ctx.graph, ctx.transposed = graph, transposed
        return graph.multiply(values, rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.graph.multiply(ctx.transposed, grads[0].contiguous()), None, None, None


class _EdgeDot(torch.autograd.Function):
    """x_u . x_i of every train pair, [E], for rows x [N, D]; the gradient is a CSR product."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, graph: Graph) -> Tensor:
        ctx.save_for_backward(rows)
        ctx.graph = graph
        return graph.dots(rows, rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (rows,) = ctx.saved_tensors
        return ctx.graph.multiply_symmetric(grads[0], rows), None


class _WeightedProduct(torch.autograd.Function):
    """M @ rows [N, D] for the symmetric M with one learnable weight [E] a train pair."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, rows: Tensor, graph: Graph) -> Tensor:
        ctx.save_for_backward(weight, rows)
        ctx.graph = graph
        return graph.multiply_symmetric(weight, rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        weight, rows = ctx.saved_tensors
        graph, grad, grad_weight, grad_rows = ctx.graph, grads[0].contiguous(), None, None
        if ctx.needs_input_grad[0]:
            grad_weight = graph.dots(grad, rows) + graph.dots(rows, grad)
        if ctx.needs_input_grad[1]:
            grad_rows = graph.multiply_symmetric(weight, grad)
        return grad_weight, grad_rows, None
