"""From a system's line to its model: what every hyper-parameter is, and the parts made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.systems.line import SystemSpec
from harness.systems.presets import preset_values
from harness.systems.registry import ALIGNMENTS, BACKBONES
from models.core import Alignment, System
from models.graph import Graph
from models.text import TextRows


def settings(spec: SystemSpec, chosen: Mapping[str, Any], released: str | None = None) -> dict[str, Any]:
    """Every hyper-parameter's value: its default, the preset's, what was chosen, the ablations.

    ``released`` names the dataset whose released values are wanted; without it those that hold for
    any dataset.

    Raises:
        InputError: ``chosen`` names an unknown hyper-parameter or gives a value that cannot be.
    """
    known = spec.options()
    for name, value in chosen.items():
        if name not in known:
            raise InputError(f"{spec.name}: no hyper-parameter {name!r}; {did_you_mean(name, known)}")
        check_value(spec, known[name], value)
    values = {name: item.default for name, item in known.items()}
    values |= preset_values(spec.preset, spec.base, released, known) | dict(chosen)
    return values | spec.zeros


def check_value(spec: SystemSpec, item: Field[Any], value: Any) -> None:
    """Refuse what a hyper-parameter cannot be.

    Raises:
        InputError: Names the system, the hyper-parameter and what was expected.
    """
    kind, place = type(item.default), f"{spec.name}: {item.name}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    choices, low, minimum = (item.metadata[fact] for fact in ("choices", "low", "minimum"))
    if choices:
        counted = low is not None and isinstance(value, int) and not isinstance(value, bool) and value >= low
        if value not in choices and not counted:
            raise InputError(f"{place} is {value!r}; {did_you_mean(str(value), choices)}")
    elif not number or (kind is int and not isinstance(value, int)):
        raise InputError(f"{place} is {value!r}; expected a {kind.__name__}")
    elif not -math.inf < value < math.inf:  # false for NaN as well
        raise InputError(f"{place} is {value!r}; expected a positive number below infinity")
    elif value <= 0 if minimum is None else value < minimum:
        expected = "a positive number" if minimum is None else f"at least {minimum:g}"
        raise InputError(f"{place} is {value!r}; expected {expected}")


def assemble(spec: SystemSpec, values: Mapping[str, Any], graph: Graph, text: TextRows | None) -> System:
    """Build a trained system from complete ``values``; ``text`` where the system reads it."""
    size = values["embedding_size"]
    entry = BACKBONES[spec.backbone]
    if spec.needs_text and text is None:
        raise InputError(f"{spec.name} needs text rows, and the dataset has none")
    backbone = entry.make(pick(entry.options, values), graph, size, text)
    alignment = Alignment()
    if spec.alignment:
        part = ALIGNMENTS[spec.alignment]
        alignment = part.make(pick(part.options, values), graph, text, size, backbone)
    return System(backbone, alignment, spec.weights(values), values["l2_scope"])


def pick(options: type, values: Mapping[str, Any]) -> Any:
    """The options dataclass filled from ``values``."""
    return options(**{item.name: values[item.name] for item in fields(options)})
