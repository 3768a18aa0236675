"""A plan: datasets x systems x repetitions, read strictly from YAML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from harness.errors import InputError
from harness.planning.expansion import check_ablation, check_control
from harness.planning.parts import (
    DatasetPlan,
    EvaluationPlan,
    GridPlan,
    StrataPlan,
    SystemPlan,
    TrainingPlan,
    TuningPlan,
)
from harness.planning.plan_errors import Marks, Place, lines, place, sentence
from harness.schema import StrictModel
from harness.systems.search_space import Domain, check_names, space
from harness.systems.settings import settings


class Plan(StrictModel):
    """Datasets x systems x repetitions under one protocol."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    about: str = ""
    seed: int = Field(2026, ge=0)
    repetitions: int = Field(3, ge=1)
    datasets: tuple[DatasetPlan, ...] = Field(min_length=1)
    systems: tuple[SystemPlan, ...] = Field(min_length=1)
    ablate: tuple[str, ...] = Field((), description="ablations of every system that reads text")
    controls: tuple[str, ...] = Field((), description="text controls of every system that reads text")
    grid: tuple[GridPlan, ...] = Field((), description="hyper-parameters to vary")
    training: TrainingPlan = TrainingPlan()
    tuning: TuningPlan | None = None
    evaluation: EvaluationPlan = EvaluationPlan()
    strata: StrataPlan | None = Field(None, description="users looked at apart in the report")

    @field_validator("datasets", "systems")
    @classmethod
    def _once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [part.name if isinstance(part, DatasetPlan) else part.spec.name for part in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} stands twice; expected it once")
        return value

    @model_validator(mode="after")
    def _warm_starts_are_not_tuned(self) -> Plan:
        warm = [entry.spec.name for entry in (*self.systems, *self.grid) if entry.spec.start]
        if self.tuning and warm:
            raise ValueError(
                f"{warm[0]} starts from the window before, which may be tuned to other values; expected no "
                "tuning in a plan with start=warm"
            )
        return self

    @model_validator(mode="after")
    def _changes_have_a_system(self) -> Plan:
        whole = [entry.spec for entry in self.systems if not (entry.spec.ablated or entry.spec.text)]
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
                    raise ValueError(f"grid: {name} stands in `hyper` and in `over`; expected one of them")
                if name in grid.spec.zeros:
                    raise ValueError(f"grid: {grid.spec.name} has no {name} to vary")
        return self

    @field_validator("datasets")
    @classmethod
    def _every_variant(cls, value: tuple[DatasetPlan, ...]) -> tuple[DatasetPlan, ...]:
        return tuple(variant for dataset in value for variant in dataset.variants())

    @field_validator("grid", mode="before")
    @classmethod
    def _one_grid(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("grid")
    @classmethod
    def _every_point_once(cls, value: tuple[GridPlan, ...]) -> tuple[GridPlan, ...]:
        """Tables know points by their values alone, whatever else the grid fixes."""
        points = [
            (grid.spec.name, sorted(zip(grid.over, point, strict=True)))
            for grid in value
            for point in product(*grid.over.values())
        ]
        for name, point in points:
            if points.count((name, point)) > 1:
                values = ", ".join(f"{key}={one}" for key, one in point)
                raise ValueError(f"{name} with {values} stands twice; expected every point once")
        return value

    @field_validator("ablate")
    @classmethod
    def _known_terms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_ablation(change) for change in value)

    @field_validator("controls")
    @classmethod
    def _known_controls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_control(control) for control in value)


def load_plan(path: Path) -> Plan:
    """Read and check a plan; relative paths in it start at its folder.

    Raises:
        InputError: Unreadable file, unknown key, system, metric or hyper-parameter, wrong value.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.safe_load(text)
        marks = lines(yaml.compose(text, Loader=yaml.SafeLoader))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: unreadable plan ({error})") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    except InputError as error:
        raise InputError(f"{path}, {error}") from None
    if not isinstance(tree, dict):
        raise InputError(f"{path}: holds a {type(tree).__name__}; expected keys such as `datasets`")
    try:
        plan = Plan.model_validate(tree, context={"folder": path.resolve().parent})
    except ValidationError as error:
        raise InputError(sentence(path, error, marks, Plan.model_json_schema())) from None
    _check_values(path, plan, marks)
    return plan


def _check_values(path: Path, plan: Plan, marks: Marks) -> None:
    """Refuse hyper-parameters that a system lacks, and values and spaces that cannot be."""
    tuning = plan.tuning or TuningPlan()
    chosen: list[tuple[Place, SystemPlan]] = [
        (("systems", index), entry) for index, entry in enumerate(plan.systems)
    ]
    for index, grid in enumerate(plan.grid):
        for name, values in grid.over.items():
            points = [grid.model_copy(update={"hyper": {**grid.hyper, name: value}}) for value in values]
            chosen += [(("grid", index), point) for point in points]
    for at, entry in chosen:
        with _placed(path, at, marks):
            domains(tuning, entry, settings(entry.spec, entry.hyper))
            check_names(entry.space, [entry.spec], "space")
    with _placed(path, ("tuning", "space"), marks):
        check_names(tuning.space, [entry.spec for _, entry in chosen], "space")


@contextmanager
def _placed(path: Path, at: Place, marks: Marks) -> Iterator[None]:
    """Say where in the plan a mistake stands."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place(path, at, marks)}: {error}") from None


def domains(tuning: TuningPlan, entry: SystemPlan, values: dict[str, Any]) -> dict[str, Domain]:
    """What tuning may vary of a system: its space, narrowed by the plan and then by its own entry.

    Raises:
        InputError: A narrowed domain cannot be; a grid has a range.
    """
    found = space(entry.spec, values, set(entry.hyper), {**tuning.space, **entry.space})
    ranges = [name for name, domain in found.items() if not domain.choices]
    if tuning.sampler == "grid" and ranges:
        raise InputError(f"{entry.spec.name}: a grid needs lists; {', '.join(ranges)} have ranges")
    return found
