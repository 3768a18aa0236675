"""Properties of every backbone, alone and with every alignment."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.systems.settings import settings
from models.core import Batch, System
from models.graph import Graph
from models.text import TextRows
from tests.worlds import ITEMS, USERS, build

BARE = list(BACKBONES)
ALIGNED = [f"{alignment}[{backbone}]" for alignment, backbone in itertools.product(ALIGNMENTS, BACKBONES)]
LINES = BARE + ALIGNED
ABLATED = [
    f"{line[:-1]}, -{term}]"
    for line in ALIGNED
    for term in parse(line).terms()
    if term not in ("l2", "contrast")
]


@pytest.mark.parametrize("line", LINES + ABLATED)
def test_every_trainable_parameter_gets_a_gradient(
    line: str, graph: Graph, text: TextRows, batch: Batch
) -> None:
    system = build(line, graph, text)
    token = getattr(system.alignment, "mask_token", None)
    if token is not None:  # it starts at zero, and a backbone without propagation adds nothing to it
        torch.nn.init.normal_(token)
    losses = system.losses(batch)
    # L2 reaches every parameter by itself; the other terms must do so without it.
    torch.stack([loss for name, loss in losses.items() if name != "l2"]).sum().backward()
    for name, parameter in system.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("line", LINES)
def test_terms_are_named_as_their_weights(line: str, graph: Graph, text: TextRows, batch: Batch) -> None:
    ranking, *terms = build(line, graph, text).losses(batch)
    assert ranking == ("softmax" if "AlphaRec" in line else "bpr")
    assert set(terms) == set(parse(line).terms())


@pytest.mark.parametrize("line", ABLATED)
def test_an_ablated_term_is_gone(line: str, graph: Graph, text: TextRows, batch: Batch) -> None:
    spec = parse(line)
    assert not set(spec.ablated) & set(build(line, graph, text).losses(batch))


@pytest.mark.parametrize("line", LINES)
def test_scoring_twice_is_equal_and_leaves_training_on(line: str, graph: Graph, text: TextRows) -> None:
    system = build(line, graph, text).train()
    first, second = system.embeddings(), system.embeddings()
    assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))
    assert system.training


@pytest.mark.parametrize("line", LINES)
def test_a_seed_reproduces_a_step(line: str, graph: Graph, text: TextRows, batch: Batch) -> None:
    def step(seed: int) -> dict[str, torch.Tensor]:
        return build(line, graph, text, seed).losses(batch)

    first, again, other = step(1), step(1), step(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


ELSEWHERE = {
    "learning_rate": "the optimiser reads it; tests/training/test_training.py",
}

KEYS = [(line, key) for line in LINES for key in parse(line).options() if key not in ELSEWHERE]


@pytest.mark.parametrize(("line", "key"), KEYS)
def test_every_hyper_parameter_is_read(
    line: str, key: str, pairs: np.ndarray, text: TextRows, batch: Batch
) -> None:
    """In a graph with an item without train pairs, which some hyper-parameters are about."""
    user, positive = torch.from_numpy(pairs[pairs[:, 1] != 0].T.copy())
    graph = Graph(user, positive, USERS, ITEMS)
    item = parse(line).options()[key]
    default = settings(parse(line), {})[key]
    choices = [*item.metadata["choices"], item.metadata["low"]]
    other = next(c for c in choices if c != default) if item.metadata["choices"] else default / 2
    changed = max(1, int(other)) if isinstance(default, int) else other
    changed = changed + 1 if changed == default else changed
    assert fingerprint(build(line, graph, text), batch) != fingerprint(
        build(line, graph, text, **{key: changed}), batch
    )


def fingerprint(system: System, batch: Batch) -> list[float]:
    """The losses of a step from a fixed seed, sums of the scored rows, and sizes of the parameters."""
    torch.manual_seed(5)
    losses = [loss.item() for loss in system.losses(batch).values()]
    losses += [rows.sum().item() for rows in system.embeddings()]
    return losses + [float(row.numel()) for row in system.parameters()]


@pytest.mark.parametrize("backbone", BACKBONES)
def test_irllrec_with_only_profile_is_rlmrec_con(
    backbone: str, graph: Graph, text: TextRows, batch: Batch
) -> None:
    same = {"profile_weight": 0.3, "l2_weight": 1e-3}
    if backbone == "LightGCN":
        same["edge_keep"] = 0.8  # the releases differ in it
    only = build(f"IRLLRec[{backbone}, -intent-translation-momentum]", graph, text, **same)
    con = build(f"RLMRec-Con[{backbone}]", graph, text, **same)
    for system in (only, con):
        optimiser = torch.optim.Adam(system.parameters(), lr=0.01)
        torch.manual_seed(9)
        for _ in range(3):
            optimiser.zero_grad()
            torch.stack(list(system.losses(batch).values())).sum().backward()
            optimiser.step()
    mine, theirs = dict(only.named_parameters()), dict(con.named_parameters())
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("line", LINES)
def test_relabelled_users_permute_the_rows(line: str, graph: Graph, text: TextRows) -> None:
    system = build(line, graph, text)
    order = torch.randperm(graph.users)
    place = order.argsort()
    user = torch.repeat_interleave(torch.arange(graph.users), graph.user_starts.diff())
    other_graph = Graph(place[user], graph.user_columns, graph.users, graph.items)
    other = build(line, other_graph, text)
    state = system.state_dict()
    if "backbone.user_embedding" in state:  # AlphaRec has none: users are their items' texts
        state["backbone.user_embedding"] = state["backbone.user_embedding"][order]
    other.load_state_dict(state)
    (user_rows, item_rows), (moved, same) = system.embeddings(), other.embeddings()
    torch.testing.assert_close(moved, user_rows[order])
    torch.testing.assert_close(same, item_rows)


def test_the_teacher_starts_as_the_student_and_follows(graph: Graph, text: TextRows, batch: Batch) -> None:
    system = build("IRLLRec[LightGCN]", graph, text)
    alignment: Any = system.alignment
    student, teacher = alignment.intent_projector, alignment.teacher
    assert torch.equal(teacher(text.intent), student(text.intent))
    before = teacher.network[0].weight.clone()
    with torch.no_grad():
        student[0].weight += 1.0
    system.losses(batch)
    torch.testing.assert_close(teacher.network[0].weight, before + 0.001)
