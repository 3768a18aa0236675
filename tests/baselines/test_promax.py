"""ProMax's parts: whitening, the second graph, and what its terms read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.second_graph import nearest_items, with_edges
from baselines.whitening import whitened
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.testing.conformance import build
from harness.testing.world import ITEMS, USERS
from models.core import Batch
from models.graph import Graph
from models.text import TextRows
from tests.systems.test_parity import load
from tests.worlds import ROOT


def covariance(rows: Tensor) -> Tensor:
    return torch.from_numpy(np.cov(rows.double().numpy().T))


@pytest.mark.parametrize("count", [3, 12, 100])
def test_separate_whitening_leaves_each_side_uncorrelated(text: TextRows, count: int) -> None:
    user, item = whitened(text.profile, USERS, "separate", count)
    assert user.shape[1] == item.shape[1] == min(count, text.profile.shape[1])
    for rows in (user, item):
        torch.testing.assert_close(covariance(rows), torch.eye(rows.shape[1]).double(), rtol=0, atol=1e-5)
        torch.testing.assert_close(rows.mean(0), torch.zeros(rows.shape[1]), rtol=0, atol=1e-5)


def test_joint_whitening_gives_both_sides_the_same_axes(text: TextRows) -> None:
    user, item = whitened(text.profile, USERS, "joint", 5)
    both = torch.cat([user, item])
    torch.testing.assert_close(covariance(both), torch.eye(5).double(), rtol=0, atol=1e-5)
    same = text.profile.clone()
    same[0] = same[USERS]  # a user and an item with one text
    user, item = whitened(same, USERS, "joint", 5)
    torch.testing.assert_close(user[0], item[0])


def test_without_whitening_the_rows_stay(text: TextRows) -> None:
    user, item = whitened(text.profile, USERS, "none", 2)
    assert torch.equal(torch.cat([user, item]), text.profile)


@pytest.mark.parametrize("how", ["separate", "joint"])
def test_axes_without_variance_are_left_out(text: TextRows, how: str) -> None:
    flat = text.profile.clone()
    flat[:, 4:] = 0.0
    assert whitened(flat, USERS, how, 12)[0].shape == (USERS, 4)
    flat[:] = 3.0
    user, item = whitened(flat, USERS, how, 12)
    assert not user.any()
    assert not item.any()


@pytest.mark.parametrize("columns", [8, 24])
def test_whitening_equals_the_recorded_one_up_to_signs(columns: int) -> None:
    golden = load(ROOT / "tests" / "golden" / "ProMax[LightGCN].npz")
    sides = [golden[f"input/{side}_profile"] for side in ("user", "item")]
    profile = torch.from_numpy(np.concatenate(sides))
    for side, ours in zip(("user", "item"), whitened(profile, 40, "separate", columns), strict=True):
        key = f"input/whitened_{side}" if columns == 24 else f"part/whitened_{side}_{columns}"
        np.testing.assert_allclose(ours.abs().numpy(), np.abs(golden[key]), rtol=1e-4, atol=1e-4)


def test_signs_do_not_depend_on_the_order_of_rows(text: TextRows) -> None:
    order = torch.randperm(ITEMS)
    moved = torch.cat([text.profile[:USERS], text.profile[USERS:][order]])
    _, item = whitened(text.profile, USERS, "separate", 12)
    torch.testing.assert_close(whitened(moved, USERS, "separate", 12)[1], item[order], rtol=1e-3, atol=1e-4)


def by_hand(profile: Tensor, graph: Graph, count: int) -> set[tuple[int, int]]:
    rows = profile.double().numpy()
    user, item = (side - side.mean(0) for side in (rows[:USERS], rows[USERS:]))
    cosine = user @ item.T / np.linalg.norm(user, axis=1)[:, None] / np.linalg.norm(item, axis=1)
    edges = set()
    for number in range(USERS):
        start, stop = graph.user_starts[number : number + 2]
        others = np.setdiff1d(np.arange(ITEMS), graph.user_columns[start:stop].numpy())
        best = others[np.argsort(-cosine[number, others])][:count]
        edges |= {(number, int(chosen)) for chosen in best}
    return edges


@pytest.mark.parametrize("block", [1 << 22, 3 * ITEMS, 1])
@pytest.mark.parametrize("count", [1, 3, 1000])
def test_each_user_gets_the_nearest_items_that_are_new(
    graph: Graph, text: TextRows, count: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baselines.second_graph.BLOCK_NUMEL", block)
    edges = nearest_items(text.profile, graph, count)
    assert len(edges.T.unique(dim=0)) == edges.shape[1]
    assert {(int(user), int(item)) for user, item in edges.T} == by_hand(text.profile, graph, count)


def test_the_second_graph_has_the_train_pairs_and_the_new_ones(graph: Graph, pairs: np.ndarray) -> None:
    known, new = pairs[5], (0, int(np.setdiff1d(np.arange(ITEMS), pairs[pairs[:, 0] == 0, 1])[0]))
    second = with_edges(graph, torch.tensor([list(known), list(new)]).T)
    user = torch.arange(USERS).repeat_interleave(second.user_starts.diff())
    found = {(int(one), int(two)) for one, two in zip(user, second.user_columns, strict=True)}
    assert found == {(int(one), int(two)) for one, two in pairs} | {new}


def test_edges_that_come_with_the_text_take_the_place_of_retrieval(
    graph: Graph, text: TextRows, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    edges = nearest_items(text.profile, graph, 2)
    retrieved = build("ProMax[LightGCN]", graph, text).losses(batch)
    monkeypatch.setattr("baselines.promax.nearest_items", lambda *arguments: pytest.fail("it was used"))
    given = build("ProMax[LightGCN]", graph, text._replace(edges=edges)).losses(batch)
    assert torch.equal(given["retrieval"], retrieved["retrieval"])
    other = build("ProMax[LightGCN]", graph, text._replace(edges=edges[:, :3])).losses(batch)
    assert not torch.equal(other["retrieval"], retrieved["retrieval"])


def test_an_ablated_term_makes_nothing(graph: Graph, text: TextRows) -> None:
    def parts(line: str) -> set[str]:
        alignment: Any = build(line, graph, text).alignment
        return {name for name, _ in alignment.named_children()}

    assert parts("ProMax[LightGCN]") == {"targets", "second_graph"}
    assert parts("ProMax[LightGCN, -shaping]") == {"second_graph"}
    assert parts("ProMax[LightGCN, -retrieval]") == {"targets"}


def test_only_lightgcn_under_promax_has_the_read_out_and_the_whitening_of_the_release(
    graph: Graph, text: TextRows
) -> None:
    system = build("ProMax[LightGCN]", graph, text)
    layers = system.backbone.encode(system.backbone.ego()).layers
    torch.testing.assert_close(torch.cat(system.embeddings()), sum(layers[2:], layers[1]))
    plain = build("LightGCN", graph, text, edge_keep=1.0)
    layers = plain.backbone.encode(plain.backbone.ego()).layers
    torch.testing.assert_close(torch.cat(plain.embeddings()), sum(layers[1:], layers[0]))
    whitening = {line: settings(parse(line), {})["whitening"] for line in ("ProMax[LightGCN]", "ProMax[SGL]")}
    assert whitening == {"ProMax[LightGCN]": "separate", "ProMax[SGL]": "joint"}
