"""The finished runs of one dataset, read from the store once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from harness.evaluation.stats.pairs import all_pairs
from harness.evaluation.stats.sample import Sample
from harness.evaluation.strata import user_strata
from harness.planning.datasets import DatasetVariant
from harness.planning.parts import StrataPlan
from harness.planning.plan import Plan
from harness.planning.run_status import RunStatus
from harness.planning.runs import runs_on
from harness.planning.tasks import Run
from harness.report.looks import looks_of
from harness.report.plots import Appearances
from harness.store.columns import COSTS
from harness.store.record import RunRecord
from harness.store.store import Store
from harness.systems.spec import SystemSpec


@dataclass(frozen=True)
class Evidence:
    """The finished runs of one dataset, on one split or on several.

    Attributes:
        plan: The plan of the report.
        dataset: The dataset. If it has several splits, what they have in common.
        splits: The dataset's splits; the dataset itself if it has one.
        store: The store that holds the runs.
        groups: Identities of each system's finished runs, split by split. A system that has no finished run
            on one of the splits is left out.
        split_of: The number of the split of each run, from 0.
    """

    plan: Plan
    dataset: DatasetVariant
    splits: tuple[DatasetVariant, ...]
    store: Store
    groups: dict[str, list[str]]
    split_of: dict[str, int]

    @classmethod
    def of(
        cls, plan: Plan, splits: Sequence[DatasetVariant], statuses: Sequence[RunStatus], store: Store
    ) -> Evidence:
        """Make it from the splits of a dataset and the statuses of their runs."""
        number_of = {split.name: number for number, split in enumerate(splits)}
        finished = [run for run in statuses if run.status == "finished" and run.dataset in number_of]
        groups: dict[str, list[str]] = {}
        split_of = {run.identity: number_of[run.dataset] for run in finished}
        for run in finished:
            groups.setdefault(run.system, []).append(run.identity)
        whole = {
            name: identities
            for name, identities in groups.items()
            if len({split_of[identity] for identity in identities}) == len(splits)
        }
        return cls(plan, splits[0].whole, tuple(splits), store, whole, split_of)

    @property
    def shown(self) -> list[str]:
        """The metrics that the tables show."""
        return list(self.plan.evaluation.show)

    @cached_property
    def records(self) -> dict[str, list[RunRecord]]:
        """The records of each system's runs."""
        return {
            name: [self.store.run_record(identity) for identity in runs] for name, runs in self.groups.items()
        }

    def median_costs(self, system: str) -> pd.Series:
        """Return the medians over a system's runs of COSTS, of the peak memory and of the parameters.

        Older runs have no seconds on the processor, and runs from elsewhere have no costs. What no run has is
        NaN.
        """
        keys = (*COSTS, "peak_bytes", "parameters")
        rows = [{key: getattr(record, key) for key in keys} for record in self.records[system]]
        return pd.DataFrame(rows).astype(float).median()

    @cached_property
    def run_means(self) -> pd.DataFrame:
        """Means over users of every metric; one row per run, index identity.

        A run that stands in the table under two names has one row.
        """
        identities = list(dict.fromkeys(identity for runs in self.groups.values() for identity in runs))
        return self.store.run_means(identities).set_axis(identities)

    @cached_property
    def samples(self) -> dict[str, Sample]:
        """For each metric shown, the scores of all runs."""
        return self.samples_of(self.shown)

    def samples_of(self, metrics: list[str]) -> dict[str, Sample]:
        """For each metric the scores of all runs, of the users who have a value."""
        parts = [self._scores_on(number, metrics) for number in range(len(self.splits))]
        join = self._of_one_split if len(parts) == 1 else self._of_splits
        return {metric: join([part[metric] for part in parts]) for metric in metrics}

    def _scores_on(self, number: int, metrics: list[str]) -> dict[str, pd.DataFrame]:
        """By metric, the scores of the runs on one split: users in rows, identities in columns."""
        every = (run for own in self.groups.values() for run in own)
        runs = list(dict.fromkeys(run for run in every if self.split_of[run] == number))
        frames = self.store.scores(runs, metrics)
        return {name: frame.set_axis(runs, axis=1).dropna().sort_index() for name, frame in frames.items()}

    def _of_one_split(self, frames: list[pd.DataFrame]) -> Sample:
        (scores,) = frames
        by_system = {name: scores[runs].to_numpy(dtype=float) for name, runs in self.groups.items()}
        deterministic = frozenset(name for name, spec in self.specs.items() if spec.is_deterministic)
        return Sample(scores.index, by_system, deterministic, kin=self.kin)

    def _of_splits(self, frames: list[pd.DataFrame]) -> Sample:
        """One column for each split: the mean over its runs."""
        users = pd.Index(sorted(set().union(*(frame.index for frame in frames))))
        by_system = {}
        for name, runs in self.groups.items():
            columns = []
            for number, frame in enumerate(frames):
                own = [run for run in runs if self.split_of[run] == number]
                columns.append(frame[own].mean(axis=1).reindex(users).to_numpy(dtype=float))
            by_system[name] = np.column_stack(columns)
        return Sample(users, by_system, overlap=self.overlap, kin=self.kin)

    @property
    def kin(self) -> dict[str, str]:
        """The group of each ablation, text control and grid point.

        Variants of one system with the same kind of text, right or wrong, lend each other their spread over
        seeds. Runs with wrong text may collapse, which says nothing about other runs.
        """
        primary = set(self.primary)
        return {
            name: f"{spec.base}, wrong text" if spec.text else spec.base
            for name, spec in self.specs.items()
            if name not in primary
        }

    @property
    def overlap(self) -> float | None:
        """The number of test pairs over that of train pairs if there are several splits. None for one."""
        if len(self.splits) == 1:
            return None
        pairs = (self.store.notes.description(self.splits[0].key(self.plan.seed)) or {})["pairs"]
        return float(pairs["test"] / pairs["train"])

    @cached_property
    def degrees(self) -> pd.Series | None:
        """The number of train pairs of each user, averaged over the splits. None if the store lacks it."""
        frames = [self.store.notes.degrees(split.key(self.plan.seed)) for split in self.splits]
        known = [frame.set_index("user")["degree"] for frame in frames if frame is not None]
        return pd.concat(known, axis=1).mean(axis=1) if len(known) == len(frames) else None

    def user_strata(self, users: pd.Index, plan: StrataPlan) -> pd.Series | None:
        """Return the stratum of each user by train pairs. None if the store lacks the users' train pairs."""
        if self.degrees is None:
            return None
        return user_strata(self.degrees.loc[users], plan.users, plan.groups, plan.edges)

    @cached_property
    def pairs(self) -> dict[str, pd.DataFrame]:
        """For each metric shown, the comparison of all pairs of primary systems: one family of tests each."""
        return {
            metric: all_pairs(sample.of(self.primary), self.smallest_of(metric))
            for metric, sample in self.samples.items()
        }

    def smallest_of(self, metric: str) -> float:
        """The smallest difference of a metric that matters: a share is one of the best baseline's mean."""
        totals = self.samples[metric].totals
        best = self.best_baseline(metric)
        return self.plan.smallest_effect.beside(totals.max() if best is None else totals[best])

    def best_baseline(self, metric: str) -> str | None:
        """The baseline with the highest mean on the test pairs; None if no baseline has finished runs."""
        totals = self.samples[metric].totals
        present = totals[totals.index.isin(self.baselines)]
        return None if present.empty else str(present.idxmax())

    @cached_property
    def specs(self) -> dict[str, SystemSpec]:
        """The parsed line of each system that has finished runs, by the system's name in tables."""
        runs = [run for run in runs_on(self.plan, self.splits[0]) if isinstance(run, Run)]
        specs = {run.name: run.system for run in runs if run.name in self.groups}
        return {name: specs[name] for name in self.groups}

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each system, by the system's name in tables."""
        return {name: _kind(name, spec) for name, spec in self.specs.items()}

    @cached_property
    def looks(self) -> Appearances:
        """How figures show each system of the plan: the same in every figure of a study."""
        return looks_of(self.plan)

    @property
    def plain(self) -> list[str]:
        """Systems that are no ablation, control or grid point. Figures of many systems show only these."""
        return [name for name, spec in self.specs.items() if name == spec.base]

    @property
    def primary(self) -> list[str]:
        """Systems that are no ablation, text control or grid point: those that the leaderboard judges.

        The others are questions of their own. Were they judged with these, a system's verdict would depend
        on how many variants of another system there are.
        """
        return [
            name
            for name, spec in self.specs.items()
            if name == spec.name and not spec.ablated and spec.text is None
        ]

    @property
    def baselines(self) -> set[str]:
        """Systems that may be the best baseline: the primary systems without IRLLRec."""
        return {name for name in self.primary if self.specs[name].is_baseline}

    def backbone(self, system: str) -> str | None:
        """Return the bare backbone of a system with an alignment; None if it has no finished run."""
        spec = self.specs[system]
        bare = spec.bare.name
        return bare if spec.alignment and bare in self.groups else None

    def equal_size(self, system: str) -> str | None:
        """Return the backbone with as many parameters as a system; None if it has no finished run."""
        spec = self.specs[system]
        if not spec.alignment:
            return None
        name = replace(spec.bare, start=None, capacity=spec.alignment).name
        return name if name in self.groups else None

    def references(self, metric: str) -> dict[str, str]:
        """Return the reference of each system.

        That is the system's backbone if it has finished runs, and else the best baseline.
        """
        best = self.best_baseline(metric)
        backbones = {name: own for name in self.groups if (own := self.backbone(name)) is not None}
        others = {name: best for name in self.groups if best not in (None, name)}
        return others | backbones


def _kind(name: str, spec: SystemSpec) -> str:
    """Say what a system is to a study. A changed system is of the kind of its change."""
    changes = {
        "external": spec.is_external,
        "grid point": name != spec.name,
        "control": bool(spec.text or spec.capacity),
        "ablation": bool(spec.ablated),
        "alignment": bool(spec.alignment),
        "classic": spec.is_classic,
        "RecBole": spec.is_recbole,
    }
    return next((kind for kind, applies in changes.items() if applies), "backbone")
