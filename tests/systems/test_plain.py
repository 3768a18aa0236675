"""Every backbone, alone and with every alignment, against plainly written equations: values and gradients."""

from __future__ import annotations

import itertools

import pytest
import torch

from harness.bench.plain import Plain
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.systems.settings import settings
from models.core import Batch
from models.graph import Graph
from models.text import TextRows

LINES = [*BACKBONES, *(f"{a}[{b}]" for a, b in itertools.product(ALIGNMENTS, BACKBONES))]

LOUD = {"l2_weight": 1e-3, "translation_weight": 0.5, "momentum_weight": 0.5, "edge_keep": 1.0}
"""Weights large enough to show in the gradient. No edge is dropped: the plain code draws edges in another order."""


@pytest.mark.parametrize("line", LINES)
def test_a_step_equals_its_equations(line: str, graph: Graph, text: TextRows, batch: Batch) -> None:
    spec = parse(line)
    chosen = {name: value for name, value in LOUD.items() if name in spec.options()}
    values = settings(spec, {"embedding_size": 8, **chosen})
    torch.manual_seed(0)
    system = assemble(spec, values, graph, text)
    plain = Plain((spec.backbone, spec.alignment), values, dict(system.named_parameters()), graph, text)
    made = []
    for each in (system, plain):
        torch.manual_seed(1)
        losses = each.losses(batch)
        torch.stack(list(losses.values())).sum().backward()
        made.append(losses)
    ours, wanted = made
    assert ours.keys() == wanted.keys()
    for name, loss in ours.items():
        torch.testing.assert_close(loss, wanted[name], rtol=1e-5, atol=1e-7, msg=name)
    for name, row in system.named_parameters():
        if row.requires_grad:
            theirs = plain.given[name].grad
            assert theirs is not None
            scale = float(theirs.abs().max())
            torch.testing.assert_close(row.grad, theirs, rtol=1e-4, atol=1e-4 * scale, msg=name)
