"""The systems a plan stands for: its lines, their ablations and controls, and its grids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from harness.errors import InputError, did_you_mean
from harness.systems.line import changed, parse, terms_of
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.systems.spec import SystemSpec

if TYPE_CHECKING:
    from harness.planning.parts import GridPlan, SystemPlan
    from harness.planning.plan import Plan


@dataclass(frozen=True)
class SystemVariant:
    """One system to run.

    Attributes:
        entry: The plan's entry with its line and hyper-parameters changed as wanted.
        varied: Names of the hyper-parameters that a grid varies.
    """

    entry: SystemPlan
    varied: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotApplicable:
    """A change that a system cannot be given, and why."""

    system: str
    reason: str


def system_variants(plan: Plan) -> Iterator[SystemVariant | NotApplicable]:
    """Every system of a plan: each line, its ablations and controls, then the grids.

    Ablations and controls are made of the lines that read text and are neither already. They keep
    the line's hyper-parameters. One that the plan lists itself stands where it is listed; one that two
    changes spell differently stands once.
    """
    listed = {entry.spec.name for entry in plan.systems}
    changes = [*plan.ablate, *(f"text={control}" for control in plan.controls)]
    for entry in plan.systems:
        yield SystemVariant(entry)
        if entry.spec.needs_text and not (entry.spec.ablated or entry.spec.text):
            yield from _variants(entry, changes, listed)
    for grid in plan.grid:
        yield from _points(grid)


def _variants(
    entry: SystemPlan, changes: list[str], listed: set[str]
) -> Iterator[SystemVariant | NotApplicable]:
    for change in changes:
        lacked = [term for term in terms_of(change) if term not in entry.spec.terms()]
        if lacked:
            yield NotApplicable(f"{entry.spec.name} {change}", f"has no term {lacked[0]!r}")
            continue
        name = changed(entry.spec, change).name
        if name not in listed:
            listed.add(name)
            yield SystemVariant(entry.model_copy(update={"system": name}))


def _points(grid: GridPlan) -> Iterator[SystemVariant]:
    for values in product(*grid.over.values()):
        point = dict(zip(grid.over, values, strict=True))
        yield SystemVariant(grid.model_copy(update={"hyper": {**grid.hyper, **point}}), tuple(grid.over))


def check_ablation(change: str) -> str:
    """The change itself, if every term in it is one that some system has.

    Raises:
        InputError: It is no ablation, or names a term that no system has.
    """
    parts = [SystemSpec(backbone, alignment) for backbone in BACKBONES for alignment in (None, *ALIGNMENTS)]
    known = {term for spec in parts for term in spec.terms()}
    if not change.startswith("-"):
        raise InputError(f"{change!r} is no ablation; expected -TERM, joined as in -intent-translation")
    for term in terms_of(change):
        if term not in known:
            raise InputError(f"no system has a term {term!r}; {did_you_mean(term, known)}")
    return change


def check_control(control: str) -> str:
    """A text control written in its one way.

    Raises:
        InputError: No such control.
    """
    return str(changed(parse("RLMRec-Con"), f"text={control}").text)


def shown(system: SystemSpec, settings: Mapping[str, Any], varied: tuple[str, ...]) -> str:
    """A system's name in tables: its line and the values that a grid varies."""
    values = ", ".join(f"{name}={settings[name]}" for name in varied)
    return f"{system.name} {{{values}}}" if values else system.name
