"""What is done for a plan: runs, searches for hyper-parameters, and what cannot be done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.planning.datasets import DatasetVariant
from harness.planning.identity import PROTOCOL, identity_of, seed_of
from harness.planning.parts import EvaluationPlan, TrainingPlan, TuningPlan
from harness.systems.search_space import Domain, values_of
from harness.systems.spec import SystemSpec

TUNED_ON = -1
"""The repetition that trials are trained with. No tested run has its seeds."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Work on one system and one dataset: everything that its result depends on but the data itself.

    Attributes:
        dataset: The dataset.
        system: The system.
        settings: The value of every hyper-parameter.
        base_seed: The plan's seed, from which all others are hashed.
        training: How the system is trained.
        evaluation: What is measured.
        varied: Names of the hyper-parameters that a grid varies.
    """

    dataset: DatasetVariant
    system: SystemSpec
    settings: dict[str, Any] = field(hash=False)
    base_seed: int
    training: TrainingPlan
    evaluation: EvaluationPlan
    varied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The system's name in tables: its line, and the values that a grid varies."""
        values = ", ".join(f"{name}={self.settings[name]}" for name in self.varied)
        return f"{self.system.name} {{{values}}}" if values else self.system.name

    @property
    def title(self) -> str:
        """What a reader is told of the task."""
        return f"{self.dataset.name} {self.name}"

    @property
    def steps(self) -> int:
        """What a progress bar counts."""
        raise NotImplementedError

    @property
    def datasets(self) -> tuple[DatasetVariant, ...]:
        """Every dataset whose content the task depends on; its own dataset comes first."""
        return (self.dataset,)

    @property
    def _sources(self) -> dict[str, Any]:
        """What parts from outside add to the identity: another file is another system."""
        sources = self.system.sources
        return {"sources": sources} if sources else {}

    def identity(self, *checksums: str, protocol: int | None = None) -> str:
        """Names the task in the store: a hash of its specification, the checksums and the protocol.

        Args:
            checksums: Those of ``datasets`` with their texts, in their order.
            protocol: Version of the protocol; ``PROTOCOL`` if None.
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Run(Task):
    """One training and test of one system.

    Attributes:
        repetition: Which repetition it is, from 0. Repetitions differ by their seeds alone.
    """

    repetition: int

    @property
    def title(self) -> str:
        """What a reader is told of the run."""
        return f"{super().title} repetition {self.repetition + 1}"

    @property
    def steps(self) -> int:
        """Epochs, or 0 for a system that is not trained in epochs."""
        return self.training.epochs if self.system.is_trained else 0

    def seed(self, purpose: str) -> int:
        """A seed that is the same for every system, such as the one for ``batches``."""
        return seed_of(self.base_seed, self.dataset.seed_name, self.repetition, purpose)

    @property
    def before(self) -> Run | None:
        """The run whose weights a warm start takes over. None for other runs and in the first window."""
        window = self.dataset.window_before if self.system.start else None
        return replace(self, dataset=window) if window else None

    @property
    def datasets(self) -> tuple[DatasetVariant, ...]:
        """The dataset, then those of the windows whose runs this one goes on from, latest first."""
        return (self.dataset, *(self.before.datasets if self.before else ()))

    def identity(self, *checksums: str, protocol: int | None = None) -> str:
        """See :meth:`Task.identity`. What only a report shows, and when it is shown, is no part of it."""
        checksum, *earlier = checksums
        unseen = {"show"} if self.evaluation.item_strata else {"show", "item_strata"}
        unseen |= {"users"} if self.evaluation.users is None else set()
        unseen |= {"lists"} if self.evaluation.lists is None or self.system.is_external else set()
        parts = {
            "protocol": protocol or PROTOCOL,
            "system": self.system.name,
            "settings": self.settings,
            "repetition": self.repetition,
            "seed": self.base_seed,
            "dataset": self.dataset.name,
            "checksum": checksum,
            "training": self.training.identified(not self.system.is_trained),
            "evaluation": self.evaluation.model_dump(mode="json", exclude=unseen),
        }
        parts |= {"earlier": earlier} if earlier else {}
        return identity_of(parts | self._sources)


@dataclass(frozen=True, kw_only=True)
class Search(Task):
    """One search for the hyper-parameters of one system.

    Attributes:
        settings: The values before tuning, which the first trial starts from.
        space: What may be varied, by the name of the hyper-parameter.
        tuning: The budget, and how values are suggested.
    """

    space: dict[str, Domain] = field(hash=False)
    tuning: TuningPlan = field(hash=False)

    @property
    def title(self) -> str:
        """What a reader is told of the search."""
        return f"{super().title} tuning"

    @property
    def steps(self) -> int:
        """Trials."""
        return self.trials

    @property
    def trials(self) -> int:
        """The number of trials: the budget, or all points of a smaller grid; 1 if nothing can be tuned."""
        if not self.space:
            return 1
        cells = math.prod(len(domain.choices) for domain in self.space.values())
        return min(self.tuning.trials, cells) if self.tuning.sampler == "grid" else self.tuning.trials

    def seed(self, trial: int) -> int:
        """The seed of a trial's suggestion."""
        return seed_of(self.base_seed, self.dataset.seed_name, trial, f"tuning {self.system.name}")

    def values(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The hyper-parameters' values that a trial has ``drawn`` from the space."""
        return values_of(self.space, drawn, self.settings)

    def trial(self, drawn: Mapping[str, Any]) -> Run:
        """The run that tries what was ``drawn`` from the space."""
        return Run(
            dataset=self.dataset,
            system=self.system,
            settings={**self.settings, **self.values(drawn)},
            repetition=TUNED_ON,
            base_seed=self.base_seed,
            training=self.training,
            evaluation=self.evaluation,
        )

    def identity(self, *checksums: str, protocol: int | None = None) -> str:
        """See :meth:`Task.identity`. The plan's space counts by what it leaves of the system's own.

        Of the evaluation, only ``users`` matters: it says who validates.
        """
        (checksum,) = checksums
        parts = {
            "search": protocol or PROTOCOL,
            "system": self.system.name,
            "settings": self.settings,
            "space": {name: domain.facts() for name, domain in self.space.items()},
            "tuning": self.tuning.model_dump(mode="json", exclude={"space", "ablations"}),
            "seed": self.base_seed,
            "dataset": self.dataset.name,
            "checksum": checksum,
            "training": self.training.identified(),
        }
        parts |= {"users": self.evaluation.users} if self.evaluation.users is not None else {}
        return identity_of(parts | self._sources)


@dataclass(frozen=True)
class Skipped:
    """A dataset and a system that cannot be run together, and the reason."""

    dataset: str
    system: str
    reason: str


@dataclass(frozen=True)
class Untuned:
    """A run whose search has no result, and the reason. ``failed`` says that the search was done."""

    run: Run
    failed: bool
    reason: str
