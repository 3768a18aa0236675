"""Properties of every backbone, alone and with every alignment."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.testing import conformance
from harness.testing.conformance import build
from models.core import Batch
from models.graph import Graph
from models.text import TextRows

BARE = list(BACKBONES)
ALIGNED = [f"{alignment}[{backbone}]" for alignment, backbone in itertools.product(ALIGNMENTS, BACKBONES)]
LINES = BARE + ALIGNED
ABLATED = [
    f"{line[:-1]}, -{term}]"
    for line in ALIGNED
    for term in parse(line).terms()
    if term not in ("l2", "contrast")
]


SLOW = ("the checkerboard is learned", "a seed repeats a run", "a resumed run is the same")
"""Checks that train. tests/training and tests/testing make them for some systems each."""

CHECKS = {name: check for name, check in conformance.TRAINED.items() if name not in SLOW}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("line", LINES)
def test_every_system_conforms(line: str, check: str) -> None:
    CHECKS[check](line)


@pytest.mark.parametrize("line", ABLATED)
def test_every_parameter_of_an_ablated_system_gets_a_gradient(line: str) -> None:
    conformance.every_parameter_gets_a_gradient(line)
    conformance.an_ablated_term_is_gone(line)


@pytest.mark.parametrize("line", LINES)
def test_the_ranking_loss_comes_first(line: str, graph: Graph, text: TextRows, batch: Batch) -> None:
    ranking, *_ = build(line, graph, text).losses(batch)
    assert ranking == ("softmax" if "AlphaRec" in line else "bpr")


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
