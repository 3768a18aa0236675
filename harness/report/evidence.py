"""What a dataset's finished runs say, read from the store once; and a part of the report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.evaluation.stats.comparison import best_baseline
from harness.evaluation.stats.pairs import all_pairs
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import Plan
from harness.planning.run_status import RunStatus
from harness.planning.runs import runs_on
from harness.planning.tasks import Run
from harness.store.columns import SYSTEM, USER
from harness.store.record import RunRecord
from harness.store.store import Store
from harness.systems.spec import SystemSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Section:
    """A part of the report: text, and the rows and figures of files named after their keys."""

    markdown: list[str] = field(default_factory=list)
    tex: list[str] = field(default_factory=list)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """What a report shows besides the usual: cost columns, figures, Wilcoxon's test."""

    costs: bool = True
    figures: bool = True
    wilcoxon: bool = False


def wholes(evidence: Evidence, part: str) -> dict[str, str]:
    """Every system changed in a part of its line, ``ablated`` or ``text``, and the one without that change.

    Both have run; points of a grid go with points of the same values.
    """
    found = {}
    for run in runs_on(evidence.plan, evidence.dataset):
        if isinstance(run, Run) and run.name in evidence.groups and getattr(run.system, part):
            unchanged: dict[str, Any] = {part: SystemSpec.__dataclass_fields__[part].default}
            whole = replace(run, system=replace(run.system, **unchanged)).name
            if whole in evidence.groups:
                found[run.name] = whole
    return found


@dataclass(frozen=True)
class Evidence:
    """The finished runs of one dataset.

    Attributes:
        groups: Identities of every system's runs.
    """

    plan: Plan
    dataset: DatasetVariant
    store: Store
    groups: dict[str, list[str]]

    @classmethod
    def of(cls, plan: Plan, dataset: DatasetVariant, mine: list[RunStatus], store: Store) -> Evidence:
        """From the run_statuses of the dataset's runs."""
        groups: dict[str, list[str]] = {}
        for each in mine:
            if each.status == "finished":
                groups.setdefault(each.system, []).append(each.identity)
        return cls(plan, dataset, store, groups)

    @property
    def shown(self) -> list[str]:
        """The metrics of the table."""
        return list(self.plan.evaluation.show)

    @cached_property
    def users(self) -> pd.DataFrame:
        """Per-user means over repetitions: ``system``, ``user`` and the metrics shown."""
        return self.store.user_means(self.groups, self.shown)

    @cached_property
    def records(self) -> dict[str, list[RunRecord]]:
        """The records of every system's runs."""
        return {name: [self.store.run_record(each) for each in runs] for name, runs in self.groups.items()}

    @cached_property
    def run_means(self) -> pd.DataFrame:
        """Means over users of every metric, index identity: one row a run, whatever its names."""
        identities = list(dict.fromkeys(each for runs in self.groups.values() for each in runs))
        return self.store.run_means(identities).set_axis(identities)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """By metric shown: one row a user, one column a system."""
        return {metric: self.users.pivot(index=USER, columns=SYSTEM, values=metric) for metric in self.shown}

    @cached_property
    def pairs(self) -> dict[str, pd.DataFrame]:
        """The comparison of all pairs by each metric shown."""
        return {metric: all_pairs(table) for metric, table in self.tables.items()}

    @cached_property
    def specs(self) -> dict[str, SystemSpec]:
        """The systems that have finished runs, by name."""
        every = runs_on(self.plan, self.dataset)
        known = {
            each.name: each.system for each in every if isinstance(each, Run) and each.name in self.groups
        }
        return {name: known[name] for name in self.groups}

    @property
    def plain(self) -> list[str]:
        """Systems without ablations, controls or varied values: those that figures of many systems show."""
        return [name for name, spec in self.specs.items() if name == spec.base]

    @property
    def baselines(self) -> set[str]:
        """Systems that may be the best baseline; points of grids are not, lest test pairs choose values."""
        return {name for name, spec in self.specs.items() if spec.is_baseline and name == spec.name}

    def backbone(self, system: str) -> str | None:
        """The bare backbone of an alignment, if it has run."""
        spec = self.specs[system]
        bare = spec.bare.name
        return bare if spec.alignment and bare in self.groups else None

    def references(self, metric: str) -> dict[str, str]:
        """What each system is held against: its backbone where that has run, else the best baseline."""
        best = best_baseline(self.tables[metric], self.baselines)
        backbones = {name: own for name in self.groups if (own := self.backbone(name)) is not None}
        others = {name: best for name in self.groups if best not in (None, name)}
        return others | backbones
