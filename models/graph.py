"""The train graph, and products with its matrices in compressed-sparse-row (CSR) form."""

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
"""The values [2E] of a matrix that has the graph's edges as its entries, and those of its transpose."""


class Graph(nn.Module):
    """The undirected graph of the train pairs. Nodes 0 .. U-1 are users, the others items.

    A matrix [N, N] of the graph and its transpose have the same CSR pattern.

    Attributes:
        starts, columns, values: A-bar = D^-1/2 A D^-1/2 without self loops in CSR form, [N+1], [2E] and
            [2E].
        edge_of: The number of the train pair of each entry, [2E]. Pairs are ordered by user and item.
        mirror: The number of the entry on the other side of the diagonal, for each entry, [2E].
        user_starts, user_columns: CSR pattern [U, I] of the train pairs, [U+1] and [E].
    """

    starts: Tensor
    columns: Tensor
    values: Tensor
    edge_of: Tensor
    mirror: Tensor
    user_starts: Tensor
    user_columns: Tensor

    def __init__(self, user: Tensor, item: Tensor, users: int, items: int) -> None:
        """Build the graph from the users [E] and the items [E] of distinct train pairs.

        Raises:
            ValueError: There is no pair, or one is there twice.
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
        pairs.data = np.arange(1, len(user) + 1)  # the pairs' numbers, from 1 on since 0 means no entry
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
        """A-bar @ rows [N, D]. The ``entries`` of :meth:`drop` replace those of A-bar if they are given."""
        values, transposed = entries or (self.values, self.values)
        return _Product.apply(rows, self, values, transposed)

    def propagate_layers(
        self, rows: Tensor, count: int, entries: Entries | None = None, with_first: bool = True
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The sum over l of E^l = A-bar^l rows, [N, D], and E^0 .. E^L themselves.

        They are one operation, whose gradient adds up the layers' gradients in place. An operation for every
        layer and every sum would pass each table several times.

        Args:
            rows: E^0 [N, D].
            count: Number of layers L.
            entries: Values of a matrix that takes the place of A-bar, from :meth:`drop`.
            with_first: Whether E^0 is part of the sum.
        """
        if not count:
            return rows, (rows,)
        values, transposed = entries or (self.values, self.values)
        total, *layers = _Layers.apply(rows, self, values, transposed, count, with_first)
        return total, (rows, *layers)

    def drop(self, keep: float) -> Entries | None:
        """A-bar with each entry kept with probability ``keep``. None if all entries are kept.

        As in RLMRec's LightGCN and SGL, kept entries are not rescaled, and the two directions of an edge
        are dropped independently.
        """
        if keep >= 1.0:
            return None
        kept = self.values * (torch.rand_like(self.values) < keep)
        return kept, kept.index_select(0, self.mirror)

    def attend(self, rows: Tensor, basis: Tensor) -> Tensor:
        """G(basis) @ rows: the mean of each node's neighbours' rows [N, D], weighted by similarity.

        The weight of a train edge is (cos(x_i, x_j) + 1) / 2 for x = basis [N, D]; the weights of a node's
        edges are then divided by their sum. The cosine of an edge is the same in both directions and is
        computed once.

        Paper: DCCF (Ren et al., SIGIR 2023), equations 8 to 10.
        """
        unit = functional.normalize(basis)
        cosine = _EdgeDot.apply(unit, self)
        weight = (cosine + 1.0) / 2.0
        ones = rows.new_ones(self.nodes, 1)
        mass = _WeightedProduct.apply(weight, ones, self)
        return _WeightedProduct.apply(weight, rows, self) / mass.clamp_min(1e-12)

    def mean_of_items(self, rows: Tensor) -> Tensor:
        """The mean of each user's train items' rows [I, T], as [U, T]; 0 for a user without train items."""
        degree = self.user_starts.diff()
        weight = (1.0 / degree.clamp_min(1)).to(rows.dtype).repeat_interleave(degree)
        return sparse_product(self.user_starts, self.user_columns, weight, rows)

    def multiply(self, values: Tensor, rows: Tensor) -> Tensor:
        """M @ rows [N, D] for the matrix M [N, N] with ``values`` [2E] on the edges; has no gradient."""
        return sparse_product(self.starts, self.columns, values, rows)

    def degrees(self) -> Tensor:
        """Number of train pairs of each node, [N]."""
        return self.starts.diff()

    def multiply_symmetric(self, weight: Tensor, rows: Tensor) -> Tensor:
        """M @ rows [N, D] for the symmetric M with a ``weight`` [E] for each train pair; has no gradient."""
        return self.multiply(weight.index_select(0, self.edge_of), rows)

    def dots(self, left: Tensor, right: Tensor) -> Tensor:
        """left_u . right_i for every train pair, [E], from rows [N, D]. No [E, D] table is made."""
        return sampled_dots(left[: self.users], right[self.users :], self.user_starts, self.user_columns)


class _Product(torch.autograd.Function):
    """A @ rows. The backward pass is a CSR product with the transpose of A, whose values are given."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, graph: Graph, values: Tensor, transposed: Tensor) -> Tensor:
        ctx.graph, ctx.transposed = graph, transposed
        return graph.multiply(values, rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.graph.multiply(ctx.transposed, grads[0].contiguous()), None, None, None


class _Layers(torch.autograd.Function):
    """The sum of A^l @ rows over l = 0 .. L, or 1 .. L, and A @ rows .. A^L @ rows."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, graph: Graph, values: Tensor, transposed: Tensor, count: int, with_first: bool
    ) -> tuple[Tensor, ...]:
        ctx.graph, ctx.transposed, ctx.with_first = graph, transposed, with_first
        ctx.set_materialize_grads(False)  # most layers have no gradient of their own
        layers = [rows]
        for _ in range(count):
            layers.append(graph.multiply(values, layers[-1]))
        total = rows + layers[1] if with_first else layers[1].clone()
        for layer in layers[2:]:
            total += layer
        return total, *layers[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        of_total, *of_layers = grads
        below: Tensor | None = None  # the gradient that a layer has from the layer after it
        for of_layer in reversed(of_layers):
            grad = _sum_into(below, of_total, of_layer)
            below = None if grad is None else ctx.graph.multiply(ctx.transposed, grad.contiguous())
        grad_rows = _sum_into(below, of_total if ctx.with_first else None)
        return grad_rows, None, None, None, None, None


def _sum_into(own: Tensor | None, *others: Tensor | None) -> Tensor | None:
    """The sum of the gradients that are given; ``own`` is overwritten, the others are kept."""
    total, is_own = own, own is not None
    for other in others:
        if total is None:
            total = other
        elif other is not None:
            total = total.add_(other) if is_own else total + other
            is_own = True
    return total


class _EdgeDot(torch.autograd.Function):
    """x_u . x_i for every train pair, [E], from rows x [N, D]. The gradient is a CSR product."""

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
    """M @ rows [N, D] for the symmetric M with a learnable weight [E] for each train pair."""

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
