"""Matched capacity: a backbone as wide as it takes to have a text system's number of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.planning.runs import Run
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.systems.spec import SystemSpec
from harness.training.prepared_data import PreparedData
from models.core import learned_parameters
from models.graph import Graph
from models.text import TextRows


def matched(run: Run, data: PreparedData) -> Run:
    """The run at the width that comes nearest to its text system's number of parameters.

    The text system is the alignment that the line names over the same backbone, at the width the
    plan gives this run and otherwise with the values that hold for the dataset without a plan's choice.
    """
    graph, rows = data.graph(), data.text()
    spec = parse(f"{run.system.capacity}[{run.system.backbone}]")
    size = run.settings["embedding_size"]
    values = settings(spec, {"embedding_size": size}, run.dataset.released)
    wanted = _parameters(spec, values, graph, rows)
    # A backbone without text is linear in its width, so two widths tell all others.
    one, two = (
        _parameters(run.system, {**run.settings, "embedding_size": width}, graph, rows) for width in (1, 2)
    )
    width = max(1, round(1 + (wanted - one) / (two - one)))
    return replace(run, settings={**run.settings, "embedding_size": width})


def _parameters(spec: SystemSpec, values: Mapping[str, Any], graph: Graph, rows: TextRows | None) -> int:
    return learned_parameters(assemble(spec, values, graph, rows))
