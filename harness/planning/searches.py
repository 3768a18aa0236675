"""Searches for hyper-parameters, one a system and dataset, and runs that take its best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.planning.expansion import SystemVariant, shown, system_variants
from harness.planning.identity import PROTOCOL, identity_of, seed_of
from harness.planning.parts import DatasetPlan, EvaluationPlan, SystemPlan, TrainingPlan, TuningPlan
from harness.planning.plan import Plan, domains
from harness.planning.runs import Run, Skipped, expand, runs_of
from harness.store.record import SearchRecord
from harness.systems.assembly import settings
from harness.systems.line import SystemSpec
from harness.systems.search_space import Domain

HOUR_S = 3600.0
"""Hours are what plans and estimates are written in; seconds are what is measured."""

TUNED_ON = -1
"""The repetition that trials are trained with; no tested run has its seeds."""


@dataclass(frozen=True)
class Search:
    """Everything that the result of a search depends on but the dataset's content."""

    dataset: DatasetPlan
    system: SystemSpec
    settings: dict[str, Any] = field(hash=False)
    space: dict[str, Domain] = field(hash=False)
    tuning: TuningPlan = field(hash=False)
    base_seed: int
    training: TrainingPlan
    evaluation: EvaluationPlan
    varied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The system's name in tables."""
        return shown(self.system, self.settings, self.varied)

    @property
    def title(self) -> str:
        """What a reader is told of the search."""
        return f"{self.dataset.name} {self.name} tuning"

    @property
    def steps(self) -> int:
        """What a bar counts: trials."""
        return self.trials

    @property
    def trials(self) -> int:
        """The budget in trials, or all that a grid holds; a system with nothing to tune needs one."""
        if not self.space:
            return 1
        cells = math.prod(len(domain.choices) for domain in self.space.values())
        return min(self.tuning.trials, cells) if self.tuning.sampler == "grid" else self.tuning.trials

    @property
    def datasets(self) -> tuple[DatasetPlan, ...]:
        """The dataset alone: no search goes on from another."""
        return (self.dataset,)

    def seed(self, trial: int) -> int:
        """The seed of a trial's suggestion."""
        return seed_of(self.base_seed, self.dataset.family, trial, f"tuning {self.system.name}")

    def trial(self, values: Mapping[str, Any]) -> Run:
        """The run that tries ``values``."""
        chosen = {**self.settings, **values}
        plan = (self.base_seed, self.training, self.evaluation)
        return Run(self.dataset, self.system, chosen, TUNED_ON, *plan)

    def identity(self, checksum: str) -> str:
        """Hash of the specification, the dataset's and text's ``checksum`` and the protocol."""
        tuning = self.tuning.model_dump(mode="json", exclude={"space", "ablations"})
        parts = {
            "search": PROTOCOL,
            "system": self.system.name,
            "settings": self.settings,
            "space": {name: domain.facts() for name, domain in self.space.items()},
            "tuning": tuning,
            "seed": self.base_seed,
            "dataset": self.dataset.name,
            "checksum": checksum,
            "training": self.training.model_dump(mode="json"),
        }
        return identity_of(parts)


@dataclass(frozen=True)
class Untuned:
    """A run whose search has no result: ``reason`` says why."""

    run: Run
    failed: bool
    reason: str


Record = Callable[[Search], SearchRecord | None]
"""What the store holds of a search; None where it is not done."""


def searches(plan: Plan) -> Iterator[tuple[Run, Search]]:
    """Every run with the search that it waits for; runs that differ by repetition share one."""
    assert plan.tuning is not None
    for dataset in plan.datasets:
        for entrant in system_variants(plan):
            search = None
            for run in runs_of(plan, dataset, entrant):
                if isinstance(run, Run) and isinstance(entrant, SystemVariant):
                    search = search or _search(plan, plan.tuning, run, entrant.entry)
                    yield run, search


def planned(plan: Plan, record: Record) -> Iterator[Run | Untuned | Skipped]:
    """Every run of the plan, with its search's best values where the plan tunes."""
    if plan.tuning is None:
        yield from expand(plan)
        return
    yield from (each for each in expand(plan) if isinstance(each, Skipped))
    for run, search in searches(plan):
        found = record(search)
        if found is None:
            yield Untuned(run, False, "not tuned yet")
        elif found.status == "failed":
            yield Untuned(run, True, f"its tuning failed: {found.reason}")
        else:
            kept = {name: run.settings[name] for name in run.varied} | run.system.zeros
            yield replace(run, settings={**run.settings, **found.best, **kept})


def _search(plan: Plan, tuning: TuningPlan, run: Run, entry: SystemPlan) -> Search:
    """The run's own search, or that of the full system at the hyper-parameters that no grid varies."""
    spec, values, varied = run.system, run.settings, run.varied
    if tuning.ablations == "full":
        spec = replace(spec, ablated=(), text=None, capacity=None)
        hyper = {name: value for name, value in entry.hyper.items() if name not in varied}
        entry = entry.model_copy(update={"system": spec.name, "hyper": hyper})
        values, varied = settings(spec, hyper, run.dataset.released), ()
    training = run.training.model_copy(update={"epochs": tuning.epochs or run.training.epochs})
    known = domains(tuning, entry, values)
    return Search(run.dataset, spec, values, known, tuning, plan.seed, training, run.evaluation, varied)
