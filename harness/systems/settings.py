"""The value of every hyper-parameter of a system, checked; loads no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import Field
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.systems.presets import preset_values
from harness.systems.recbole_models import as_text, is_list
from harness.systems.spec import SystemSpec


def settings(spec: SystemSpec, chosen: Mapping[str, Any], released: str | None = None) -> dict[str, Any]:
    """Every hyper-parameter's value by name.

    A chosen value comes before the preset's, and the preset's before the default. The weights of ablated
    terms are 0 whatever was chosen.

    Args:
        spec: The system.
        chosen: Values that a plan or a caller chooses, by name.
        released: Dataset whose released values are used. If absent, those that hold for any dataset.

    Raises:
        InputError: ``chosen`` names a hyper-parameter that the system lacks, or has a value that is not
            allowed, or the values leave a sum that is not positive.
    """
    options = spec.options()
    for name, value in chosen.items():
        if name not in options:
            raise InputError(f"{spec.name}: no hyper-parameter {name!r}; {did_you_mean(name, options)}")
        check_value(spec, options[name], value)
    chosen = {name: as_kept(options[name], value) for name, value in chosen.items()}
    defaults = {name: item.default for name, item in options.items()}
    published = preset_values(spec.preset, spec.base, spec.backbone, released, options)
    values = defaults | published | chosen | spec.zeros
    _check_sums(spec, values)
    return values


def as_kept(item: Field[Any], value: Any) -> Any:
    """A value of a hyper-parameter as settings keep it: a list as text, anything else as it is."""
    return as_text(value) if item.metadata["kind"] == "list" else value


def _check_sums(spec: SystemSpec, values: Mapping[str, Any]) -> None:
    """Refuse two values whose sum must be positive and is not."""
    for name, item in spec.options().items():
        other = item.metadata["plus"]
        if other and values[name] + values[other] <= 0:
            raise InputError(
                f"{spec.name}: {name} is {values[name]} and {other} {values[other]}; expected a sum above 0"
            )


def check_value(spec: SystemSpec, item: Field[Any], value: Any) -> None:
    """Refuse a value that a hyper-parameter must not have.

    Raises:
        InputError: The value is not allowed. The message names the system, the hyper-parameter and what
            is allowed.
    """
    choices, low, minimum, maximum = (
        item.metadata[fact] for fact in ("choices", "low", "minimum", "maximum")
    )
    minimum = -math.inf if item.metadata["plus"] else minimum  # only the sum is bounded
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = number and isinstance(value, int)
    expected = ""
    if item.metadata["kind"] != "number":
        expected = _expected_of_kind(item, value)
    elif choices:
        if value not in choices and not (low is not None and whole and low <= value <= maximum):
            expected = did_you_mean(str(value), choices)
            expected += f" (or a whole number from {low} to {maximum:,})" if low is not None else ""
    elif not number or (isinstance(item.default, int) and not whole):
        expected = "expected a whole number" if isinstance(item.default, int) else "expected a number"
    elif not -math.inf < value < math.inf:  # false for NaN as well
        expected = f"expected a {'positive ' if minimum != -math.inf else ''}number below infinity"
    elif value <= 0 if minimum is None else value < minimum:
        expected = "expected a positive number" if minimum is None else f"expected at least {minimum:g}"
    elif maximum is not None and value > maximum:
        expected = f"expected at most {maximum:,}"
    if expected:
        raise InputError(f"{spec.name}: {item.name} is {value!r}; {expected}")


def _expected_of_kind(item: Field[Any], value: Any) -> str:
    """What was expected of a hyper-parameter that is no number; empty if the value is such."""
    kind = item.metadata["kind"]
    if kind == "boolean":
        return "" if isinstance(value, bool) else "expected true or false"
    if kind == "text":
        return "" if isinstance(value, str) else f"expected text such as {item.default!r}"
    if kind == "list":
        return "" if is_list(value) else f"expected a list such as {item.default}"
    unchanged = value == item.default
    return "" if unchanged else "expected no file, since nobody could tell which pairs it was learned from"
