"""The systems that a plan stands for: its lines, their ablations and controls, and its grids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from harness.planning.external import ExternalPlan
from harness.planning.parts import GridPlan, SystemPlan
from harness.planning.plan import Plan
from harness.systems.line import changed, terms_of


@dataclass(frozen=True)
class SystemVariant:
    """One system to run.

    Attributes:
        entry: The plan's entry, with its line and hyper-parameters changed as the plan asks.
        varied: Names of the hyper-parameters that a grid varies.
    """

    entry: SystemPlan | ExternalPlan
    varied: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotApplicable:
    """A change that a system cannot be given, and the reason."""

    system: str
    reason: str


def system_variants(plan: Plan) -> Iterator[SystemVariant | NotApplicable]:
    """Every system of a plan: each line with its ablations and controls, then the points of the grids.

    Ablations and controls are made of the lines that read text and have no such change yet. They keep the
    line's hyper-parameters. A variant that the plan also lists by itself appears where it is listed, and a
    variant that two changes spell differently appears once.
    """
    listed = {entry.system.name for entry in plan.systems}
    changes = [*plan.ablate, *(f"text={control}" for control in plan.controls)]
    for entry in plan.systems:
        yield SystemVariant(entry)
        if isinstance(entry, ExternalPlan):
            continue
        if entry.system.needs_text and not (entry.system.ablated or entry.system.text):
            yield from _changed(entry, changes, listed)
    for grid in plan.grid:
        yield from _points(grid)


def _changed(
    entry: SystemPlan, changes: list[str], listed: set[str]
) -> Iterator[SystemVariant | NotApplicable]:
    """The entry's system with each of the changes, less those that are in ``listed`` already."""
    for change in changes:
        lacking = [term for term in terms_of(change) if term not in entry.system.terms()]
        if lacking:
            yield NotApplicable(f"{entry.system.name} {change}", f"has no term {lacking[0]!r}")
            continue
        spec = changed(entry.system, change)
        if spec.name not in listed:
            listed.add(spec.name)
            yield SystemVariant(entry.model_copy(update={"system": spec}))


def _points(grid: GridPlan) -> Iterator[SystemVariant]:
    """The grid's system at every combination of its values."""
    for values in product(*grid.over.values()):
        point = dict(zip(grid.over, values, strict=True))
        yield SystemVariant(grid.model_copy(update={"hyper": {**grid.hyper, **point}}), tuple(grid.over))
