"""A plan: datasets x systems x repetitions, read strictly from YAML."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from harness import InputError
from harness.data.spec import SourceSpec, SplitSpec
from harness.data.variants import TwinsPlan, Variant, variants
from harness.lineup import check_ablation, check_control
from harness.metrics import check_metric, check_metric_name
from harness.plan_errors import Marks, Place, lines, place, sentence
from harness.presets import released_datasets
from harness.space import Domain, Range, check_names, space
from harness.strata import Grouping
from harness.systems import SystemSpec, nearest, parse, settings
from harness.text.encoders import TfidfSpec
from harness.text.table import TextSpec


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetPlan(_Part):
    """One dataset: where it comes from, how it is split, how its text becomes rows."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    source: SourceSpec
    split: SplitSpec = SplitSpec()
    text: TextSpec = TfidfSpec()
    released: str | None = Field(None, description="whose released hyper-parameters to start from")
    twins: tuple[TwinsPlan, ...] = Field(("kept",), min_length=1, description="twin items kept or merged")
    density: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (1.0,), min_length=1, description="shares of the train pairs that are kept"
    )

    @field_validator("twins", "density", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | int | float) else value

    @field_validator("twins", "density")
    @classmethod
    def _once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{list(value)}; expected each once")
        return value

    @model_validator(mode="after")
    def _texts_know_train_alone(self) -> DatasetPlan:
        shrinks = min(self.density) < 1 or self.split.kind == "prequential"
        if shrinks and (self.text.kind == "precomputed" or self.source.has_written_users):
            raise ValueError(
                "the users' texts are given and may tell of pairs that thinning or a window leaves out; "
                "expected profiles of items alone, so that users get their train items' texts"
            )
        return self

    @property
    def window_before(self) -> DatasetPlan | None:
        """The window of time before this one; None for the first, and without windows."""
        if not self.split.window or self.split.window == 1:
            return None
        split = self.split.model_copy(update={"window": self.split.window - 1})
        name = self.family + Variant(split, self.twins[0], self.density[0]).suffix
        return self.model_copy(update={"name": name, "split": split})

    @property
    def family(self) -> str:
        """The name in the plan, which all variants share; their splits and seeds are drawn by it."""
        return self.name.partition("@")[0]

    def variants(self) -> list[DatasetPlan]:
        """The single datasets meant: one a window, handling of twins and density."""
        return [
            self.model_copy(
                update={
                    "name": self.name + each.suffix,
                    "split": each.split,
                    "twins": (each.twins,),
                    "density": (each.density,),
                }
            )
            for each in variants(self.split, self.twins, self.density)
        ]

    @field_validator("released")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in released_datasets():
            raise ValueError(f"no release knows {value!r}; {nearest(value, released_datasets())}")
        return value


class SystemPlan(_Part):
    """One system line and the hyper-parameters chosen for it; may also be the bare line."""

    system: str
    hyper: dict[str, Any] = {}
    space: dict[str, Range | tuple[Any, ...]] = Field({}, description="narrows what tuning may vary")

    @model_validator(mode="before")
    @classmethod
    def _bare_line(cls, value: Any) -> Any:
        return {"system": value} if isinstance(value, str) else value

    @field_validator("system")
    @classmethod
    def _known(cls, value: str) -> str:
        return parse(value).name

    @property
    def spec(self) -> SystemSpec:
        """The parsed line."""
        return parse(self.system)


class GridPlan(SystemPlan):
    """One system at every combination of values of one or two hyper-parameters."""

    over: dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]] = Field(min_length=1, max_length=2)


class TrainingPlan(_Part):
    """How every trained system is trained and stopped."""

    batch_size: int = Field(4096, ge=1)
    epochs: int = Field(300, ge=1)
    eval_every: int = Field(3, ge=1, description="epochs between validations")
    patience: int = Field(5, ge=1, description="validations without a gain before stopping")
    metric: str = Field("recall@20", description="validation metric")
    threads: int = Field(1, ge=1, description="threads of one run; its last digits depend on them")

    @field_validator("metric")
    @classmethod
    def _known(cls, value: str) -> str:
        return check_metric(value)


class TuningPlan(_Part):
    """The budget of every system's search on a dataset, spent on validation pairs alone."""

    trials: int = Field(20, ge=1, description="trials; the first has the released defaults")
    hours: float | None = Field(None, gt=0, description="no trial begins after so many")
    epochs: int | None = Field(None, ge=1, description="of a trial at most; the plan's without it")
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    pruner: Literal["median", "halving", "none"] = "median"
    space: dict[str, Range | tuple[Any, ...]] = Field({}, description="narrows every system's space")
    ablations: Literal["own", "full"] = Field(
        "own", description="ablations and controls are tuned themselves, or take the full system's values"
    )


class EvaluationPlan(_Part):
    """What is measured on the test pairs."""

    metrics: tuple[str, ...] = ("recall", "ndcg", "precision", "hit", "mrr", "map")
    k: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = (10, 20)
    mask_validation: bool = Field(False, description="also hide validation positives at test time")
    item_strata: bool = Field(False, description="also recall of tail, middle and head items apart")
    show: tuple[str, ...] = Field(("recall@20", "ndcg@20"), description="columns of the table")

    @field_validator("metrics")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            check_metric_name(name)
        return value

    @model_validator(mode="after")
    def _shown_is_measured(self) -> EvaluationPlan:
        measured = [f"{name}@{k}" for name in self.metrics for k in self.k]
        for name in self.show:
            if name not in measured:
                raise ValueError(f"show: {name!r} is not measured; {nearest(name, measured)}")
        return self


class StrataPlan(_Part):
    """Which users are looked at apart, by their train pairs; changes the report and no run."""

    users: Grouping = Field("equal_interactions", description="what strata hold the same number of")
    groups: int = Field(5, ge=2, le=20, description="strata at most")
    edges: tuple[int, ...] | None = Field(None, min_length=1, description="largest degree of each stratum")

    @model_validator(mode="after")
    def _edges_alone_and_ascending(self) -> StrataPlan:
        if self.edges is None:
            return self
        if self.model_fields_set & {"users", "groups"}:
            raise ValueError("`edges` stand beside `users` or `groups`; expected one or the other")
        if self.edges[0] < 0 or any(one >= two for one, two in pairwise(self.edges)):
            raise ValueError(f"edges {list(self.edges)}; expected ascending degrees such as [5, 10, 20]")
        return self


class Plan(_Part):
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

    @field_validator("datasets")
    @classmethod
    def _every_variant(cls, value: tuple[DatasetPlan, ...]) -> tuple[DatasetPlan, ...]:
        return tuple(variant for dataset in value for variant in dataset.variants())

    @field_validator("grid", mode="before")
    @classmethod
    def _one_grid(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

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
