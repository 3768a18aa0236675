"""Search spaces: what tuning may vary of a system, and between which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.schema import StrictModel
from harness.systems.settings import check_value
from harness.systems.spec import SystemSpec


class Range(StrictModel):
    """Bounds as a plan writes them; logarithmic where the hyper-parameter says so, unless told."""

    low: float
    high: float
    log: bool | None = None


Narrowed = Mapping[str, Range | tuple[Any, ...]]
"""What a plan allows of a hyper-parameter, by name: bounds, or the values themselves."""


@dataclass(frozen=True)
class Domain:
    """What one hyper-parameter may be: one of ``choices``, or ``low`` to ``high`` where there are none."""

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()

    def nearest(self, value: Any) -> Any:
        """``value``, or what is nearest to it in the domain."""
        if not self.choices:
            return min(max(value, self.low), self.high)
        if value in self.choices:
            return value
        numbers = all(isinstance(each, int | float) for each in (value, *self.choices))
        return min(self.choices, key=lambda each: abs(each - value)) if numbers else self.choices[0]

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def space(
    spec: SystemSpec, values: Mapping[str, Any], fixed: set[str], narrowed: Narrowed
) -> dict[str, Domain]:
    """The domains of everything that is tuned, by name.

    Args:
        spec: The system.
        values: Every hyper-parameter's value before tuning. What no term reads under these values is
            left out of the space.
        fixed: What the plan has chosen already.
        narrowed: What the plan allows; names that the system lacks are another system's.

    Raises:
        InputError: A narrowed domain is empty or holds a value that cannot be.
    """
    found = {}
    for name, item in spec.options().items():
        if name in fixed or not (always_matters(spec, name) or readers(spec, name, values)):
            continue
        if name in narrowed:
            found[name] = _narrowed(spec, item, narrowed[name])
        elif item.metadata["tuned"]:
            found[name] = _declared(item)
    return found


def always_matters(spec: SystemSpec, name: str) -> bool:
    """Whether a part of the system declares the hyper-parameter without naming the terms that read it."""
    return any(item.name == name and not item.metadata["read_by"] for item in spec.declarations())


def readers(spec: SystemSpec, name: str, values: Mapping[str, Any]) -> set[str]:
    """The loss terms that have weight and read a hyper-parameter under these values of all others."""
    weights = spec.weights(values)
    declared = [
        reader for item in spec.declarations() if item.name == name for reader in item.metadata["read_by"]
    ]
    return {
        reader.term
        for reader in declared
        if weights[reader.term] and all(values[other] == value for other, value in reader.values.items())
    }


def check_names(narrowed: Narrowed, specs: list[SystemSpec], place: str) -> None:
    """Every narrowed name is a hyper-parameter of one of the systems.

    Raises:
        InputError: It is not.
    """
    known = {name for spec in specs for name in spec.options()}
    for name in narrowed:
        if name not in known:
            raise InputError(f"{place}: no hyper-parameter {name!r}; {did_you_mean(name, known)}")


def _declared(item: Field[Any]) -> Domain:
    facts = item.metadata
    return Domain(facts["low"], facts["high"], facts["log"], isinstance(item.default, int))


def _narrowed(spec: SystemSpec, item: Field[Any], wanted: Range | tuple[Any, ...]) -> Domain:
    place = f"{spec.name}: {item.name}"
    values = (wanted.low, wanted.high) if isinstance(wanted, Range) else wanted
    if not values:
        raise InputError(f"{place}: no value is left; expected at least one")
    whole = isinstance(item.default, int)
    if isinstance(wanted, Range):
        if isinstance(item.default, str):
            raise InputError(f"{place} has no range; expected a list of values")
        if wanted.low >= wanted.high:
            raise InputError(f"{place}: low is {wanted.low}, high {wanted.high}; expected low below high")
        if whole:
            values = tuple(int(value) if value == int(value) else value for value in values)
    for value in values:
        check_value(spec, item, value)
    if not isinstance(wanted, Range):
        return Domain(choices=tuple(values))
    log = item.metadata["log"] if wanted.log is None else wanted.log
    if log and wanted.low <= 0:
        raise InputError(f"{place}: low is {wanted.low}; expected more than 0 on a logarithmic range")
    return Domain(values[0], values[1], log, whole)
