"""Search spaces: which hyper-parameters of a system tuning varies, and over which values; loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass
from typing import Any

from harness.errors import InputError, did_you_mean
from harness.schema import StrictModel
from harness.systems.settings import as_kept, check_value
from harness.systems.spec import SystemSpec


class Range(StrictModel):
    """Bounds that a plan sets. If ``log`` is absent, the hyper-parameter's own declaration decides."""

    low: float
    high: float
    log: bool | None = None


Narrowed = Mapping[str, Range | tuple[Any, ...]]
"""The bounds, or the list of values, that a plan sets for a hyper-parameter, by name."""


@dataclass(frozen=True)
class Domain:
    """The values that tuning may try: ``choices``, or if there are none, numbers from ``low`` to ``high``.

    Attributes:
        log: Whether numbers are drawn from a logarithmic range.
        whole: Whether numbers are integers.
        plus: Another hyper-parameter. The values are then sums with it, as :func:`hyper` declares.
    """

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()
    plus: str = ""

    def closest_to(self, value: Any) -> Any:
        """The value of the domain that is closest to ``value``.

        Among choices that are not all numbers, it is the first if ``value`` is not one of them.
        """
        if not self.choices:
            return min(max(value, self.low), self.high)
        if value in self.choices:
            return value
        numbers = all(isinstance(candidate, int | float) for candidate in (value, *self.choices))
        return min(self.choices, key=lambda choice: abs(choice - value)) if numbers else self.choices[0]

    def facts(self) -> dict[str, Any]:
        """The domain as JSON. ``plus`` is there only where it is used."""
        return {name: fact for name, fact in asdict(self).items() if fact or name != "plus"}


def space(
    spec: SystemSpec, values: Mapping[str, Any], fixed: set[str], narrowed: Narrowed
) -> dict[str, Domain]:
    """The domain of every hyper-parameter that tuning varies, by name.

    Args:
        spec: The system.
        values: Every hyper-parameter's value before tuning. One that no term reads under these values is
            not tuned.
        fixed: Hyper-parameters whose values the plan chooses.
        narrowed: Bounds and values that the plan sets. Names that this system lacks are ignored.

    Raises:
        InputError: Bounds or values that the plan sets are empty or not allowed.
    """
    domains = {}
    for name, item in spec.options().items():
        if name in fixed or not (always_matters(spec, name, values) or readers(spec, name, values)):
            continue
        if name in narrowed:
            domains[name] = _narrowed(spec, item, narrowed[name])
        elif item.metadata["tuned"]:
            domains[name] = _declared(item)
    return domains


def drawn_for(domains: Mapping[str, Domain], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a search would draw from each domain to have these values of the hyper-parameters."""
    return {
        name: values[name] + values[domain.plus] if domain.plus else values[name]
        for name, domain in domains.items()
    }


def values_of(
    domains: Mapping[str, Domain], drawn: Mapping[str, Any], fixed: Mapping[str, Any]
) -> dict[str, Any]:
    """The hyper-parameters' values that were drawn; where a sum was, the other value is taken off.

    Args:
        domains: What was drawn from.
        drawn: The draw from each domain.
        fixed: The values of the hyper-parameters that are not drawn.
    """
    others = {**fixed, **drawn}
    return {
        name: value - others[domains[name].plus] if domains[name].plus else value
        for name, value in drawn.items()
    }


def always_matters(spec: SystemSpec, name: str, values: Mapping[str, Any]) -> bool:
    """Whether a part of the system declares the hyper-parameter without naming the terms that read it.

    A part that says when it matters counts only if the ``values`` of all hyper-parameters are so.
    """
    return any(
        item.name == name
        and not item.metadata["read_by"]
        and all(values[other] == value for other, value in item.metadata["matters_when"].items())
        for item in spec.declarations()
    )


def readers(spec: SystemSpec, name: str, values: Mapping[str, Any]) -> set[str]:
    """The loss terms that read a hyper-parameter, given these values of all hyper-parameters.

    A term of weight 0 reads nothing.
    """
    weights = spec.weights(values)
    declared = (item.metadata["read_by"] for item in spec.declarations() if item.name == name)
    return {
        reader.term
        for part in declared
        for reader in part
        if weights[reader.term] and all(values[other] == value for other, value in reader.values.items())
    }


def check_names(narrowed: Narrowed, specs: list[SystemSpec], where: str) -> None:
    """Refuse names that are no hyper-parameter of any of the systems.

    Raises:
        InputError: A name is unknown. The message starts with ``where``.
    """
    names = {name for spec in specs for name in spec.options()}
    for name in narrowed:
        if name not in names:
            raise InputError(f"{where}: no hyper-parameter {name!r}; {did_you_mean(name, names)}")


def _declared(item: Field[Any]) -> Domain:
    facts = item.metadata
    if facts["tried"]:
        return Domain(choices=facts["tried"])
    return Domain(
        facts["low"], facts["high"], facts["log"], isinstance(item.default, int), plus=facts["plus"]
    )


def _narrowed(spec: SystemSpec, item: Field[Any], wanted: Range | tuple[Any, ...]) -> Domain:
    place = f"{spec.name}: {item.name}"
    values = (wanted.low, wanted.high) if isinstance(wanted, Range) else wanted
    if not values:
        raise InputError(f"{place}: no value is left; expected at least one")
    whole = isinstance(item.default, int)
    if isinstance(wanted, Range):
        if isinstance(item.default, str) or item.metadata["kind"] != "number":
            raise InputError(f"{place} has no range; expected a list of values")
        if wanted.low >= wanted.high:
            raise InputError(f"{place}: low is {wanted.low}, high {wanted.high}; expected low below high")
        if whole:
            values = tuple(int(value) if value.is_integer() else value for value in (wanted.low, wanted.high))
    for value in values:
        check_value(spec, item, value)
    plus = item.metadata["plus"]
    if plus and min(values) <= 0:
        raise InputError(f"{place} + {plus}: a value is {min(values)}; expected sums above 0")
    if not isinstance(wanted, Range):
        return Domain(choices=tuple(as_kept(item, value) for value in values), plus=plus)
    log = item.metadata["log"] if wanted.log is None else wanted.log
    if log and wanted.low <= 0:
        raise InputError(f"{place}: low is {wanted.low}; expected more than 0 on a logarithmic range")
    return Domain(values[0], values[1], log, whole, plus=plus)
