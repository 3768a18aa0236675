"""Matched capacity: a backbone made so wide that it has as many parameters as a text system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.planning.tasks import Run
from harness.systems.assembly import assemble
from harness.systems.settings import settings
from harness.systems.spec import SystemSpec
from harness.training.prepared_data import PreparedData
from models.core import learned_parameters
from models.graph import Graph
from models.text import TextRows


def matched(run: Run, data: PreparedData) -> Run:
    """The run at the width whose number of parameters is nearest to that of its text system.

    The text system is the alignment that the line names, over the same backbone and at the plan's width. Its
    other hyper-parameters have the values that hold for the dataset if a plan chooses none.

    Args:
        run: A run of a system with ``capacity``.
        data: Its dataset, with text rows.
    """
    graph, rows = data.graph(), data.text()
    spec = SystemSpec(run.system.backbone, run.system.capacity)
    size = run.settings["embedding_size"]
    values = settings(spec, {"embedding_size": size}, run.dataset.released)
    wanted = _parameters(spec, values, graph, rows)
    # The number of parameters of a backbone without text is linear in its width, so two widths tell all.
    one, two = (
        _parameters(run.system, {**run.settings, "embedding_size": width}, graph, rows) for width in (1, 2)
    )
    width = max(1, round(1 + (wanted - one) / (two - one)))
    return replace(run, settings={**run.settings, "embedding_size": width})


def _parameters(spec: SystemSpec, values: Mapping[str, Any], graph: Graph, rows: TextRows | None) -> int:
    return learned_parameters(assemble(spec, values, graph, rows))
