"""A plan: datasets x systems x repetitions, read strictly from YAML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from harness import PROTOCOL, InputError
from harness.data.spec import SourceSpec, SplitSpec
from harness.metrics import check_metric, check_metric_name
from harness.plan_errors import lines, place, sentence
from harness.presets import released_datasets
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


class EvaluationPlan(_Part):
    """What is measured on the test pairs."""

    metrics: tuple[str, ...] = ("recall", "ndcg", "precision", "hit", "mrr", "map")
    k: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = (10, 20)
    mask_validation: bool = Field(False, description="also hide validation positives at test time")
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


class Plan(_Part):
    """Datasets x systems x repetitions under one protocol."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    about: str = ""
    seed: int = Field(2026, ge=0)
    repetitions: int = Field(3, ge=1)
    datasets: tuple[DatasetPlan, ...] = Field(min_length=1)
    systems: tuple[SystemPlan, ...] = Field(min_length=1)
    training: TrainingPlan = TrainingPlan()
    evaluation: EvaluationPlan = EvaluationPlan()

    @field_validator("datasets", "systems")
    @classmethod
    def _once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [part.name if isinstance(part, DatasetPlan) else part.spec.name for part in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} stands twice; expected it once")
        return value


@dataclass(frozen=True)
class Run:
    """One training of one system: everything its result depends on but the dataset's content."""

    dataset: DatasetPlan
    system: SystemSpec
    settings: dict[str, Any] = field(hash=False)
    repetition: int
    base_seed: int
    training: TrainingPlan
    evaluation: EvaluationPlan

    def seed(self, purpose: str) -> int:
        """A seed that is the same for every system: hashed from base, dataset, repetition, purpose."""
        return seed_of(self.base_seed, self.dataset.name, self.repetition, purpose)

    def identity(self, checksum: str) -> str:
        """Hash of the specification, the dataset's and text's ``checksum`` and the protocol."""
        evaluation = self.evaluation.model_dump(mode="json", exclude={"show"})
        parts = {
            "protocol": PROTOCOL,
            "system": self.system.name,
            "settings": self.settings,
            "repetition": self.repetition,
            "seed": self.base_seed,
            "dataset": self.dataset.name,
            "checksum": checksum,
            "training": None if self.system.is_classic else self.training.model_dump(mode="json"),
            "evaluation": evaluation,
        }
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Skipped:
    """A pair of dataset and system that cannot be run, and why."""

    dataset: str
    system: str
    reason: str


def seed_of(base: int, dataset: str, repetition: int | None, purpose: str) -> int:
    """A 31-bit seed from its parts."""
    text = json.dumps([base, dataset, repetition, purpose])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def dataset_key(plan: Plan, dataset: DatasetPlan) -> str:
    """Names a dataset's description in the store, wherever its files lie."""
    parts = dataset.model_dump(mode="python")
    text = json.dumps([plan.seed, parts], sort_keys=True, default=lambda path: path.name)
    return f"{dataset.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def expand(plan: Plan) -> Iterator[Run | Skipped]:
    """Every run of the plan, dataset by dataset; impossible pairs with their reason."""
    for dataset in plan.datasets:
        for entry in plan.systems:
            if entry.spec.needs_text and not has_text(dataset):
                reason = "needs text, and the dataset has none"
                yield Skipped(dataset.name, entry.spec.name, reason)
                continue
            for repetition in range(plan.repetitions):
                values = settings(entry.spec, entry.hyper, dataset.released)
                yield Run(dataset, entry.spec, values, repetition, plan.seed, plan.training, plan.evaluation)


def has_text(dataset: DatasetPlan) -> bool:
    """Whether text rows can be made for a dataset."""
    source = dataset.source
    return (
        source.kind == "movielens"
        or source.profiles is not None
        or dataset.text.kind in ("precomputed", "intents")
    )


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
    for index, entry in enumerate(plan.systems):
        try:
            settings(entry.spec, entry.hyper)
        except InputError as error:
            raise InputError(place(path, ("systems", index), marks) + f": {error}") from None
    return plan
