"""Makes the model of a system from the values of its hyper-parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from harness.errors import InputError
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.systems.spec import SystemSpec
from models.core import Alignment, System
from models.graph import Graph
from models.text import TextRows


def assemble(spec: SystemSpec, values: Mapping[str, Any], graph: Graph, text: TextRows | None) -> System:
    """Make a system that is to be trained.

    Args:
        spec: The system, not a classic.
        values: The value of every hyper-parameter, from :func:`harness.systems.settings.settings`.
        graph: The train graph.
        text: Text rows. None is enough for a system that reads none.

    Raises:
        InputError: The system reads text rows and there are none.
    """
    if spec.needs_text and text is None:
        raise InputError(f"{spec.name} needs text rows, and the dataset has none")
    entry = BACKBONES[spec.backbone]
    inputs = (graph, values["embedding_size"], text)
    backbone = entry.make(pick(entry.options, values), *inputs)
    alignment = Alignment()
    if spec.alignment:
        entry = ALIGNMENTS[spec.alignment]
        alignment = entry.make(pick(entry.options, values), *inputs, backbone)
    return System(backbone, alignment, spec.weights(values), values["l2_scope"])


def pick(options: type, values: Mapping[str, Any]) -> Any:
    """Fill the dataclass ``options`` from ``values``, which may have more names than it has fields."""
    return options(**{item.name: values[item.name] for item in fields(options)})
