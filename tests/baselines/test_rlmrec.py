"""RLMRec-Gen reconstructs the text of all hidden nodes, or of a given number of them."""

from __future__ import annotations

import pytest
import torch

from harness.errors import InputError
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from models.core import Batch, System
from models.graph import Graph
from models.text import TextRows


def build(graph: Graph, text: TextRows, nodes: str | int) -> System:
    spec = parse("RLMRec-Gen[LightGCN]")
    torch.manual_seed(0)
    system = assemble(spec, settings(spec, {"mask_ratio": 0.4, "reconstruct_nodes": nodes}), graph, text)
    hidden = torch.arange(20) * 2
    system.alignment.draw_nodes = lambda *arguments: hidden  # type: ignore[assignment]
    return system


def reconstruct(system: System, batch: Batch) -> float:
    return float(system.losses(batch)["reconstruct"].detach())


def test_a_given_number_of_hidden_nodes_is_reconstructed(graph: Graph, text: TextRows, batch: Batch) -> None:
    whole = reconstruct(build(graph, text, "all"), batch)
    assert reconstruct(build(graph, text, 20), batch) == whole
    assert reconstruct(build(graph, text, 1000), batch) == whole
    few = build(graph, text, 5)
    assert reconstruct(few, batch) < whole  # fewer candidates are easier to tell apart
    rows = build(graph, TextRows(text.profile.clone(), text.intent), 5)
    rows.alignment.profile_text[10:] = 7.0  # hidden, but beyond the first five
    assert reconstruct(rows, batch) == reconstruct(few, batch)


@pytest.mark.parametrize("nodes", [0, "batch", 1.5])
def test_an_impossible_number_is_refused(nodes: object) -> None:
    with pytest.raises(InputError, match="reconstruct_nodes"):
        settings(parse("RLMRec-Gen[LightGCN]"), {"reconstruct_nodes": nodes})
