"""A plan: datasets x systems x repetitions under one protocol, read strictly from a YAML file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from harness.errors import InputError
from harness.evaluation.stats.smallest import SmallestEffect
from harness.outside import look_in
from harness.planning.changes import check_ablation, check_control
from harness.planning.datasets import RENAMED, DatasetPlan, DatasetVariant
from harness.planning.external import ExternalPlan, SystemEntry
from harness.planning.parts import (
    EvaluationPlan,
    GridPlan,
    SmallestEffectText,
    StrataPlan,
    SystemPlan,
    TrainingPlan,
    TuningPlan,
)
from harness.planning.plan_errors import beginning, located, sentence
from harness.planning.yaml_file import LineNumbers, Location, read_yaml
from harness.schema import StrictModel, distinct
from harness.systems.search_space import Domain, check_names, space
from harness.systems.settings import settings

logger = logging.getLogger(__name__)

MOST_RUNS = 100_000
"""A plan that stands for more runs is refused: it is a slip of the pen, and would only seem to hang."""


class Plan(StrictModel):
    """Datasets x systems x repetitions under one protocol."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Names the report's folder.")
    about: str = Field("", description="What the plan asks. It begins the report.")
    seed: int = Field(2026, ge=0, description="All other seeds are hashed from this one.")
    repetitions: int = Field(3, ge=1, le=10_000, description="Runs of each system, with different seeds.")
    datasets: tuple[DatasetPlan, ...] = Field(min_length=1)
    systems: tuple[SystemEntry, ...] = Field(min_length=1)
    ablate: tuple[str, ...] = Field((), description="Ablations of every system that reads text.")
    controls: tuple[str, ...] = Field((), description="Text controls of every system that reads text.")
    grid: tuple[GridPlan, ...] = Field((), description="Systems at every combination of some values.")
    training: TrainingPlan = TrainingPlan()
    tuning: TuningPlan | None = Field(None, description="Without it, hyper-parameters are not tuned.")
    evaluation: EvaluationPlan = EvaluationPlan()
    smallest_effect: SmallestEffectText = Field(
        SmallestEffect(),
        description="Differences below it count as equal: `1 %` of the reference, or a number.",
    )
    strata: StrataPlan | None = Field(None, description="Groups of users that the report shows apart.")

    @cached_property
    def variants(self) -> tuple[DatasetVariant, ...]:
        """The single datasets that the plan's datasets stand for, in their order."""
        return tuple(variant for dataset in self.datasets for variant in dataset.variants())

    @field_validator("datasets", "systems")
    @classmethod
    def _listed_once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [part.name if isinstance(part, DatasetPlan) else part.system.name for part in value]
        return distinct(value, names)

    @field_validator("grid", mode="before")
    @classmethod
    def _one_grid(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("grid")
    @classmethod
    def _every_point_once(cls, value: tuple[GridPlan, ...]) -> tuple[GridPlan, ...]:
        """Tables tell points by their values alone, whatever else a grid fixes."""
        if sum(grid.size for grid in value) <= MOST_RUNS:  # otherwise the plan is refused as too large
            points = (
                f"{grid.system.name} with {', '.join(f'{key}={one}' for key, one in sorted(point))}"
                for grid in value
                for values in product(*grid.over.values())
                for point in [list(zip(grid.over, values, strict=True))]
            )
            distinct(value, list(points))
        return value

    @field_validator("controls")
    @classmethod
    def _controls_exist(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_control(control) for control in value)

    @model_validator(mode="after")
    def _files_tell_their_dataset(self) -> Plan:
        count = sum(dataset.size for dataset in self.datasets)
        for entry in self.systems:
            if isinstance(entry, ExternalPlan) and count > 1:
                entry.require_dataset(count)
        return self

    @model_validator(mode="after")
    def _warm_starts_are_not_tuned(self) -> Plan:
        warm = [entry.system.name for entry in (*self.systems, *self.grid) if entry.system.start]
        if self.tuning and warm:
            raise ValueError(
                f"{warm[0]} starts from the window before, and tuning could give that window other values; "
                "expected a plan with either `tuning` or systems with start=warm"
            )
        return self

    @model_validator(mode="after")
    def _changes_have_a_system(self) -> Plan:
        whole = [entry.system for entry in self.systems if not (entry.system.ablated or entry.system.text)]
        for key, changes in (("ablate", self.ablate), ("controls", self.controls)):
            if changes and not any(spec.needs_text for spec in whole):
                raise ValueError(
                    f"{key}: no listed system reads text; expected one such as IRLLRec[LightGCN]"
                )
        return self

    @model_validator(mode="after")
    def _grids_vary_what_is_free(self) -> Plan:
        for grid in self.grid:
            for name in grid.over:
                if name in grid.hyper:
                    raise ValueError(f"grid: {name} is listed in `hyper` and in `over`; expected one of them")
                if name in grid.system.zeros:
                    raise ValueError(f"grid: {grid.system.name} leaves out the term that {name} weighs")
        return self

    @model_validator(mode="after")
    def _not_too_large(self) -> Plan:
        datasets = sum(dataset.size for dataset in self.datasets)
        changes = 1 + len(self.ablate) + len(self.controls)
        systems = len(self.systems) * changes + sum(grid.size for grid in self.grid)
        runs = datasets * systems * self.repetitions
        if runs > MOST_RUNS:
            raise ValueError(
                f"the plan stands for up to {runs:,} runs ({datasets:,} datasets x {systems:,} systems x "
                f"{self.repetitions:,} repetitions); expected at most {MOST_RUNS:,}"
            )
        return self


def load_plan(path: Path) -> Plan:
    """Read and check a plan. Relative paths in it start at the plan's folder.

    Raises:
        InputError: The file cannot be read, or it holds an unknown key, system, metric or hyper-parameter, or
            a value that cannot be.
    """
    tree, lines = read_yaml(path)
    if not isinstance(tree, dict):
        raise InputError(f"{path}: holds a {type(tree).__name__}; expected keys such as `datasets`")
    plan = _checked(tree, path, lines, {"folder": path.resolve().parent, "file": path})
    _note_renamed_keys(path, lines)
    return plan


def make_plan(tree: Mapping[str, Any], folder: Path) -> Plan:
    """Check a plan that is given as a dictionary with the keys of the YAML file.

    Args:
        tree: The keys and values.
        folder: Where relative paths in it start, and where modules that it names may stand.

    Raises:
        InputError: As :func:`load_plan`.
    """
    return _checked(dict(tree), Path("plan"), {}, {"folder": folder})


def _checked(tree: dict[str, Any], path: Path, lines: LineNumbers, context: dict[str, Path]) -> Plan:
    """Check a plan.

    Args:
        tree: Its keys and values.
        path: What errors call it.
        lines: The line of each key; none if it was not read from a file.
        context: The ``folder`` where relative paths start, and the ``file``, if there is one.
    """
    look_in(context["folder"])
    try:
        plan = Plan.model_validate(tree, context=context)
    except ValidationError as error:
        raise InputError(sentence(path, error, lines, Plan.model_json_schema())) from None
    _check_values(path, plan, lines)
    return plan


def _note_renamed_keys(path: Path, lines: LineNumbers) -> None:
    for at in lines:
        if len(at) == 3 and at[0] == "datasets" and at[2] in RENAMED:
            logger.warning(
                "%s: this key is now called %s; the old name still works",
                beginning(path, at, lines),
                RENAMED[at[2]],
            )


def _check_values(path: Path, plan: Plan, lines: LineNumbers) -> None:
    """Refuse terms and hyper-parameters that no system has, and values and search spaces that cannot be."""
    for change in plan.ablate:
        with located(path, ("ablate",), lines):
            check_ablation(change, [entry.system for entry in plan.systems])
    tuning = plan.tuning or TuningPlan()
    entries: list[tuple[Location, SystemPlan]] = [
        (("systems", index), entry)
        for index, entry in enumerate(plan.systems)
        if isinstance(entry, SystemPlan)
    ]
    for index, grid in enumerate(plan.grid):
        for name, values in grid.over.items():
            points = [grid.model_copy(update={"hyper": {**grid.hyper, name: value}}) for value in values]
            entries += [(("grid", index), point) for point in points]
    for at, entry in entries:
        with located(path, at, lines):
            domains(tuning, entry, settings(entry.system, entry.hyper))
            check_names(entry.space, [entry.system], "space")
    with located(path, ("tuning", "space"), lines):
        check_names(tuning.space, [entry.system for _, entry in entries], "space")


def domains(tuning: TuningPlan, entry: SystemPlan, values: dict[str, Any]) -> dict[str, Domain]:
    """What tuning may vary of a system: its own space, narrowed by the plan and then by its entry.

    Args:
        tuning: The plan's tuning.
        entry: The system, with what the plan fixes or narrows for it.
        values: Every hyper-parameter's value before tuning.

    Raises:
        InputError: A narrowed space cannot be, or a grid search is given a range in place of a list.
    """
    found = space(entry.system, values, set(entry.hyper), {**tuning.space, **entry.space})
    ranges = [name for name, domain in found.items() if not domain.choices]
    if tuning.sampler == "grid" and ranges:
        raise InputError(
            f"{entry.system.name}: a grid needs lists of values, and {', '.join(ranges)} have ranges; list "
            "their values under `space`, or fix them under `hyper`"
        )
    return found
