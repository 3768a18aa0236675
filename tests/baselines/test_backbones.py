"""Properties of single backbones; those of all backbones are tested in tests/systems/test_contract.py."""

from __future__ import annotations

from typing import Any

import torch

from harness.systems.line import parse
from harness.systems.search_space import space
from harness.systems.settings import settings
from harness.testing.conformance import build
from harness.testing.world import ITEMS, USERS
from models.core import Batch
from models.graph import Graph
from models.sparse import scores_at
from models.text import TextRows


def test_sgl_views_differ_and_scoring_has_no_dropped_edge(graph: Graph, text: TextRows) -> None:
    backbone: Any = build("SGL", graph, text, edge_keep=0.5).backbone
    ego = backbone.ego()
    assert not torch.equal(backbone.view(ego), backbone.view(ego))
    whole: Any = build("LightGCN", graph, text).backbone
    whole.load_state_dict(backbone.state_dict())
    torch.testing.assert_close(backbone.encode(ego).nodes, whole.eval().encode(ego).nodes)


def test_simgcl_noise_has_its_length_and_keeps_the_orthant(graph: Graph, text: TextRows) -> None:
    backbone: Any = build("SimGCL", graph, text, layers=1, noise_size=0.1).backbone
    ego = torch.randn(graph.nodes, 8)
    moved = backbone.view(ego) - backbone.encode(ego).nodes
    torch.testing.assert_close(moved.norm(dim=1), torch.full((graph.nodes,), 0.1))
    propagated = graph.propagate(ego)
    assert bool((moved * propagated >= -1e-6).all())


def test_xsimgcl_feeds_its_noise_onward_and_scores_without_it(graph: Graph, text: TextRows) -> None:
    system = build("XSimGCL", graph, text, layers=2, noise_size=0.1)
    backbone: Any = system.backbone
    ego = backbone.ego()
    _, first, second = backbone.encode(ego).layers
    for before, after in ((ego, first), (first, second)):
        moved = after - graph.propagate(before)
        torch.testing.assert_close(moved.norm(dim=1), torch.full((graph.nodes,), 0.1))
        assert bool((moved * graph.propagate(before) >= -1e-6).all())
    clean = graph.propagate(ego), graph.propagate(graph.propagate(ego))
    torch.testing.assert_close(torch.cat(system.embeddings()), (clean[0] + clean[1]) / 2)


def test_a_contrasted_layer_beyond_the_last_is_the_last(graph: Graph, text: TextRows, batch: Batch) -> None:
    losses = []
    for number in (1, 2, 4):
        system = build("XSimGCL", graph, text, layers=2, contrast_layer=number)
        torch.manual_seed(1)
        losses.append(system.losses(batch)["contrast"])
    assert losses[0] != losses[1]
    assert losses[1] == losses[2]


def test_lightccf_without_its_term_is_its_encoder(graph: Graph, text: TextRows, batch: Batch) -> None:
    """Layers that nothing makes are neither read nor tuned."""
    for encoder, line, hyper in (
        ("MF", "MF", {}),
        ("LightGCN", "LightGCN", {"readout": "mean", "edge_keep": 1.0}),
    ):
        ours = build("LightCCF[-neighbour]", graph, text, encoder=encoder)
        other = build(line, graph, text, l2_scope="batch", l2_weight=5e-5, **hyper)
        assert ours.losses(batch) == other.losses(batch)
        spec = parse("LightCCF")
        assert ("layers" in space(spec, settings(spec, {"encoder": encoder}), set(), {})) == (line != "MF")


def test_bigcf_scores_with_the_mean_of_its_noise(graph: Graph, text: TextRows) -> None:
    mean, drawn = (build("BIGCF", graph, text, scored_noise=kind) for kind in ("mean", "draw"))
    assert torch.equal(mean.embeddings()[0], mean.embeddings()[0])
    assert not torch.equal(drawn.embeddings()[0], drawn.embeddings()[0])
    draws = torch.stack([drawn.embeddings()[0] for _ in range(3000)]).mean(0)
    torch.testing.assert_close(draws, mean.embeddings()[0], rtol=0.0, atol=0.1)


def test_alpharec_reads_item_text_alone(graph: Graph, text: TextRows) -> None:
    changed = text.profile.clone()
    changed[: graph.users] = 0.0
    first, second = (build("AlphaRec", graph, TextRows(rows, rows)) for rows in (text.profile, changed))
    assert torch.equal(first.embeddings()[0], second.embeddings()[0])
    backbone: Any = first.backbone
    item = text.profile[graph.users :]
    liked = graph.user_columns[graph.user_starts[3] : graph.user_starts[4]]
    torch.testing.assert_close(backbone.text[3], item[liked].mean(0))


def test_masked_nodes_hide_what_they_were(graph: Graph, text: TextRows, batch: Batch) -> None:
    alignment: Any = build("RLMRec-Gen[LightGCN]", graph, text).alignment
    ego = torch.randn(graph.nodes, 8)
    hidden, masked = alignment.corrupt(ego)
    assert len(masked) == int(graph.nodes * 0.15)
    torch.testing.assert_close(hidden[masked], torch.zeros(len(masked), 8))
    others = torch.ones(graph.nodes, dtype=torch.bool).index_fill(0, masked, False)
    assert torch.equal(hidden[others], ego[others])


def test_chosen_scores_and_their_gradients() -> None:
    torch.manual_seed(0)
    left, right = torch.randn(5, 3, requires_grad=True), torch.randn(40, 3, requires_grad=True)
    columns = torch.randint(40, (5, 7))
    columns[0, 1] = columns[0, 0]  # a candidate may be chosen twice
    weight = torch.randn(5, 7)
    grads = []
    for made in (scores_at(left, right, columns), (left[:, None] * right[columns]).sum(-1)):
        left.grad = right.grad = None
        (made * weight).sum().backward()
        grads.append((made.detach(), left.grad, right.grad))
    for mine, wanted in zip(*grads, strict=True):
        torch.testing.assert_close(mine, wanted)


def test_alpharec_draws_negatives_that_training_shows(text: TextRows) -> None:
    """Items without a train pair are drawn only with ``negatives_from="all"``."""
    user, item = torch.arange(USERS), torch.arange(USERS) % 5
    graph = Graph(user, item, USERS, ITEMS)
    known: Any = build("AlphaRec", graph, text).backbone
    everything: Any = build("AlphaRec", graph, text, negatives_from="all").backbone
    assert known.drawable.tolist() == list(range(5))
    assert everything.drawable.tolist() == list(range(ITEMS))
    batch = Batch(user, item, item)
    known.text.requires_grad_()
    loss = known.ranking(known.encode(known.ego()), batch)["softmax"]
    (slope,) = torch.autograd.grad(loss, known.text)
    assert bool((slope[USERS + 5 :] == 0).all())
    assert bool((slope[USERS : USERS + 5] != 0).any())
