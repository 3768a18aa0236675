"""Propagation over the train graph as compressed-sparse-row (CSR) products."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional


class Graph(nn.Module):
    """The undirected user-item graph of the train pairs; users are nodes 0 .. U-1.

    The CSR pattern [N, N] is symmetric, so one pattern serves a matrix and its transpose: entry p
    of the transpose is entry ``mirror[p]`` of the matrix.

    Buffers: ``edges`` [2, E] node numbers of every train pair; ``starts`` [N+1], ``columns`` [2E]
    and ``values`` [2E] of A-bar = D^-1/2 A D^-1/2 without self loops; ``edge_of`` [2E] the pair
    behind an entry.
    """

    edges: Tensor
    starts: Tensor
    columns: Tensor
    values: Tensor
    edge_of: Tensor
    mirror: Tensor

    def __init__(self, user: Tensor, item: Tensor, users: int, items: int) -> None:
        """Build from train pairs ``user`` [E] and ``item`` [E], without duplicates.

        Raises:
            ValueError: A pair stands twice, or there is none.
        """
        super().__init__()
        self.users, self.items, self.nodes = users, items, users + items
        left, right = user.numpy().astype(np.int64), item.numpy().astype(np.int64) + users
        count = len(left)
        if count == 0:
            raise ValueError("the train graph has no edge; expected at least one train pair")
        names = np.arange(1, count + 1)
        rows, columns = np.concatenate([left, right]), np.concatenate([right, left])
        pattern = sp.coo_matrix((np.tile(names, 2), (rows, columns)), shape=(self.nodes, self.nodes))
        csr = pattern.tocsr()
        if csr.nnz != 2 * count:
            raise ValueError("the train graph has a pair twice; expected every pair once")
        csr.sort_indices()
        degree = np.maximum(np.diff(csr.indptr), 1)
        source = np.repeat(np.arange(self.nodes), np.diff(csr.indptr))
        mirror = np.lexsort((source, csr.indices))
        buffers = {
            "edges": np.stack([left, right]),
            "starts": csr.indptr.astype(np.int64),
            "columns": csr.indices.astype(np.int64),
            "values": (1.0 / np.sqrt(degree[source] * degree[csr.indices])).astype(np.float32),
            "edge_of": csr.data.astype(np.int64) - 1,
            "mirror": mirror,
        }
        for name, array in buffers.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def propagate(self, rows: Tensor, keep: float = 1.0) -> Tensor:
        """A-bar @ rows for rows [N, D], each directed entry kept with probability ``keep``.

        Kept entries are not rescaled and the two directions of an edge are dropped independently,
        as in RLMRec's LightGCN.
        """
        if keep >= 1.0:
            return _Product.apply(rows, self, self.values, self.values)
        kept = self.values * (torch.rand_like(self.values) < keep)
        return _Product.apply(rows, self, kept, kept[self.mirror])

    def attend(self, rows: Tensor, basis: Tensor) -> Tensor:
        """G(basis) @ rows: the mean of the neighbours' rows [N, D] weighted by similarity.

        m_ij = (cos(x_i, x_j) + 1) / 2 on the train edges for x = basis [N, D], rows normalised.
        Since m_ij = m_ji each undirected edge's cosine is made once.

        Paper: DCCF (Ren et al., SIGIR 2023), equations 8 to 10.
        """
        unit = functional.normalize(basis)
        cosine = _EdgeDot.apply(unit, self.edges)
        weight = (cosine + 1.0) / 2.0
        ones = rows.new_ones(self.nodes, 1)
        mass = _WeightedProduct.apply(weight, ones, self)
        return _WeightedProduct.apply(weight, rows, self) / mass.clamp_min(1e-12)

    def csr(self, values: Tensor) -> Tensor:
        """The sparse matrix [N, N] with this pattern and ``values`` [2E]."""
        with warnings.catch_warnings():
            # torch calls every CSR tensor beta; the operation used here, a product, is stable.
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
            shape = (self.nodes, self.nodes)
            parts = (self.starts, self.columns, values, shape)
            return torch.sparse_csr_tensor(*parts, check_invariants=False)


class _Product(torch.autograd.Function):
    """A @ rows whose backward pass is a CSR product too, with A's transpose given by its values."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, graph: Graph, values: Tensor, transposed: Tensor) -> Tensor:
        ctx.graph, ctx.transposed = graph, transposed
        return graph.csr(values) @ rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.graph.csr(ctx.transposed) @ grads[0], None, None, None


class _EdgeDot(torch.autograd.Function):
    """Dot product of both ends of every edge, [E], for rows [N, D] and edges [2, E]."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, edges: Tensor) -> Tensor:
        left, right = rows[edges[0]], rows[edges[1]]
        ctx.save_for_backward(rows, edges)
        return left.mul_(right).sum(-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        rows, edges = ctx.saved_tensors
        grad = grads[0].unsqueeze(-1)
        result = torch.zeros_like(rows)
        result.index_add_(0, edges[0], rows[edges[1]].mul_(grad))
        result.index_add_(0, edges[1], rows[edges[0]].mul_(grad))
        return result, None


class _WeightedProduct(torch.autograd.Function):
    """M @ rows [N, D] for the symmetric M with one learnable weight [E] an undirected edge."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, rows: Tensor, graph: Graph) -> Tensor:
        ctx.save_for_backward(weight, rows)
        ctx.graph = graph
        return graph.csr(weight[graph.edge_of]) @ rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        weight, rows = ctx.saved_tensors
        graph, grad = ctx.graph, grads[0]
        (left, right), grad_weight, grad_rows = graph.edges, None, None
        if ctx.needs_input_grad[0]:
            grad_weight = grad[left].mul_(rows[right]).sum(-1)
            grad_weight += grad[right].mul_(rows[left]).sum(-1)
        if ctx.needs_input_grad[1]:
            grad_rows = graph.csr(weight[graph.edge_of]) @ grad
        return grad_weight, grad_rows, None
