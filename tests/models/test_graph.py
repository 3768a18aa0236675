"""Products with the matrices of the train graph against dense matrices, values and gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from harness.testing.world import ITEMS, USERS
from models.graph import Graph


def dense(graph: Graph) -> torch.Tensor:
    """A-bar as a dense matrix."""
    return graph.propagate(torch.eye(graph.nodes))


def adjacency(pairs: np.ndarray) -> torch.Tensor:
    matrix = torch.zeros(USERS + ITEMS, USERS + ITEMS)
    user, item = pairs[:, 0], pairs[:, 1] + USERS
    matrix[user, item] = matrix[item, user] = 1.0
    return matrix


def test_values_are_the_symmetric_normalisation(graph: Graph, pairs: np.ndarray) -> None:
    matrix = adjacency(pairs)
    scale = matrix.sum(1).rsqrt()
    torch.testing.assert_close(dense(graph), scale[:, None] * matrix * scale)


def test_propagation_and_its_gradient(graph: Graph) -> None:
    rows = torch.randn(graph.nodes, 4, requires_grad=True)
    weight = torch.randn(graph.nodes, 4)
    made = graph.propagate(rows)
    torch.testing.assert_close(made, dense(graph) @ rows)
    (made * weight).sum().backward()
    torch.testing.assert_close(rows.grad, dense(graph).t() @ weight)


def test_dropped_propagation_has_the_gradient_of_its_own_transpose(graph: Graph) -> None:
    rows = torch.eye(graph.nodes, requires_grad=True)
    matrix = graph.propagate(rows, graph.drop(0.5))  # the dropped matrix itself
    kept = (matrix != 0).sum() / (dense(graph) != 0).sum()
    assert 0.3 < kept < 0.7
    entries = matrix != 0
    assert not torch.equal(entries, entries.t()), "both directions fell together"
    torch.testing.assert_close(matrix[entries], dense(graph)[entries])
    weight = torch.randn(graph.nodes, graph.nodes)
    (matrix * weight).sum().backward()
    torch.testing.assert_close(rows.grad, matrix.detach().t() @ weight)


@pytest.mark.parametrize("keep", [1.0, 0.5])
@pytest.mark.parametrize("with_first", [True, False])
@pytest.mark.parametrize("read", [("total",), ("layers",), ("total", "layers")])
def test_layers_and_their_sum_equal_single_propagations(
    graph: Graph, keep: float, with_first: bool, read: tuple[str, ...]
) -> None:
    """Values and gradients, also where a loss reads a layer beside the sum or instead of it."""
    entries = graph.drop(keep)
    rows = torch.randn(graph.nodes, 4)
    weights = torch.randn(3, graph.nodes, 4)
    results = []
    for as_one in (True, False):
        ego = rows.clone().requires_grad_()
        if as_one:
            total, layers = graph.propagate_layers(ego, 3, entries, with_first)
        else:
            layers = (ego,)
            for _ in range(3):
                layers = (*layers, graph.propagate(layers[-1], entries))
            total = torch.stack(layers if with_first else layers[1:]).sum(0)
        losses = {
            "total": (total * weights[0]).sum(),
            "layers": (layers[1] * weights[1]).sum() + (layers[0] * weights[2]).sum(),
        }
        sum(losses[name] for name in read).backward()  # type: ignore[union-attr]
        results.append((total.detach(), layers[3].detach(), ego.grad))
    for ours, wanted in zip(*results, strict=True):
        torch.testing.assert_close(ours, wanted)


def test_without_layers_the_sum_is_the_first_table(graph: Graph) -> None:
    rows = torch.randn(graph.nodes, 4)
    total, layers = graph.propagate_layers(rows, 0)
    assert torch.equal(total, rows)
    assert len(layers) == 1


def test_attention_equals_its_dense_form(graph: Graph, pairs: np.ndarray) -> None:
    rows = torch.randn(graph.nodes, 4, dtype=torch.float64, requires_grad=True)
    basis = torch.randn(graph.nodes, 4, dtype=torch.float64, requires_grad=True)
    unit = normalize(basis)
    weights = (unit @ unit.t() + 1) / 2 * adjacency(pairs).double()
    wanted = (weights / weights.sum(1, keepdim=True)) @ rows
    made = graph.attend(rows, basis)
    torch.testing.assert_close(made, wanted)
    probe = torch.randn_like(made)
    ours = torch.autograd.grad((made * probe).sum(), (rows, basis))
    theirs = torch.autograd.grad((wanted * probe).sum(), (rows, basis))
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other)


def test_a_node_without_edges_attends_to_nothing() -> None:
    graph = Graph(torch.tensor([0]), torch.tensor([0]), 2, 2)
    rows = torch.randn(4, 3)
    made = graph.attend(rows, rows)
    assert made.isfinite().all()
    assert made[1].eq(0).all()


def test_a_repeated_pair_is_refused() -> None:
    twice = torch.tensor([0, 0])
    with pytest.raises(ValueError, match="pair twice"):
        Graph(twice, twice, 2, 2)


def test_an_empty_graph_is_refused() -> None:
    none = torch.tensor([], dtype=torch.long)
    with pytest.raises(ValueError, match="no edge"):
        Graph(none, none, 2, 2)
