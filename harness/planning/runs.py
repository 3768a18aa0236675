"""Runs: what a plan expands to, each with an identity and seeds of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from harness.planning.expansion import NotApplicable, SystemVariant, shown, system_variants
from harness.planning.identity import PROTOCOL, identity_of, seed_of
from harness.planning.parts import DatasetPlan, EvaluationPlan, TrainingPlan
from harness.planning.plan import Plan
from harness.systems.settings import settings
from harness.systems.spec import SystemSpec


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
    varied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The system's name in tables; in a grid it tells the values that the grid varies."""
        return shown(self.system, self.settings, self.varied)

    @property
    def title(self) -> str:
        """What a reader is told of the run."""
        return f"{self.dataset.name} {self.name} repetition {self.repetition + 1}"

    @property
    def steps(self) -> int:
        """What a bar counts: epochs, none for a system in closed form."""
        return 0 if self.system.is_classic else self.training.epochs

    def seed(self, purpose: str) -> int:
        """A seed that is the same for every system: hashed from base, dataset, repetition, purpose."""
        return seed_of(self.base_seed, self.dataset.family, self.repetition, purpose)

    @property
    def before(self) -> Run | None:
        """The run that a warm start takes its weights from; None for others, and in the first window."""
        window = self.dataset.window_before if self.system.start else None
        return replace(self, dataset=window) if window else None

    @property
    def datasets(self) -> tuple[DatasetPlan, ...]:
        """The dataset, and those of the windows whose runs this one goes on from, latest first."""
        return (self.dataset, *(self.before.datasets if self.before else ()))

    def identity(self, checksum: str, *earlier: str) -> str:
        """Hash of the specification, of the checksums of ``datasets`` with their texts, and the protocol."""
        unseen = {"show"} if self.evaluation.item_strata else {"show", "item_strata"}
        evaluation = self.evaluation.model_dump(mode="json", exclude=unseen)
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
        parts |= {"earlier": earlier} if earlier else {}
        return identity_of(parts)


@dataclass(frozen=True)
class Skipped:
    """A pair of dataset and system that cannot be run, and why."""

    dataset: str
    system: str
    reason: str


def dataset_key(plan: Plan, dataset: DatasetPlan) -> str:
    """Names a dataset's description in the store, wherever its files lie."""
    parts = dataset.model_dump(mode="python")
    text = json.dumps([plan.seed, parts], sort_keys=True, default=lambda path: path.name)
    return f"{dataset.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def expand(plan: Plan) -> Iterator[Run | Skipped]:
    """Every run of the plan, dataset by dataset; impossible pairs with their reason."""
    for dataset in plan.datasets:
        yield from expand_one(plan, dataset)


def expand_one(plan: Plan, dataset: DatasetPlan) -> Iterator[Run | Skipped]:
    """Every run of one dataset; impossible systems with their reason."""
    for each in system_variants(plan):
        yield from runs_of(plan, dataset, each)


def runs_of(
    plan: Plan, dataset: DatasetPlan, entrant: SystemVariant | NotApplicable
) -> Iterator[Run | Skipped]:
    """One system's repetitions on one dataset, or why there are none."""
    if isinstance(entrant, NotApplicable):
        yield Skipped(dataset.name, entrant.system, entrant.reason)
        return
    entry, varied = entrant.entry, entrant.varied
    spec = entry.spec
    values = settings(spec, entry.hyper, dataset.released)
    reason = _obstacle(spec, dataset) or _cold_start(spec, dataset, plan)
    if reason:
        yield Skipped(dataset.name, shown(spec, values, varied), reason)
        return
    for repetition in range(plan.repetitions):
        yield Run(dataset, spec, values, repetition, plan.seed, plan.training, plan.evaluation, varied)


def _obstacle(spec: SystemSpec, dataset: DatasetPlan) -> str:
    """Why a system cannot run on a dataset; empty if it can."""
    if spec.depends_on_text and not has_text(dataset):
        return "needs text, and the dataset has none"
    cold = dataset.split.cold
    if cold and cold not in spec.ranks_cold:
        return f"cannot rank {cold} that it was not trained with"
    return ""


def _cold_start(spec: SystemSpec, dataset: DatasetPlan, plan: Plan) -> str:
    """Why a system cannot start warm on a dataset; empty if it can, or need not."""
    if not spec.start:
        return ""
    if not dataset.split.window:
        return "starts warm, and the dataset is no window of time"
    if spec.capacity:
        return "starts warm, and its width is another one in every window"
    if spec.needs_text and not dataset.text.one_by_one:
        return "starts warm, and rows of text have other axes in every window with this encoder"
    before = dataset.window_before
    if before and before.name not in [each.name for each in plan.datasets]:
        return f"starts warm, and the plan lacks {before.name}"
    return ""


def has_text(dataset: DatasetPlan) -> bool:
    """Whether text rows can be made for a dataset."""
    source = dataset.source
    return (
        source.kind == "movielens"
        or source.profiles is not None
        or dataset.text.kind in ("precomputed", "intents")
    )
