"""A plan, its runs and its leaderboard from Python, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import InputError, did_you_mean
from harness.planning.plan import Plan, make_plan
from harness.planning.plan import load_plan as load_plan_file
from harness.planning.run_status import run_statuses
from harness.planning.shipped import find_plan
from harness.report.document import read_evidence
from harness.report.evidence import Evidence
from harness.report.section import Options, Section
from harness.report.sections.leaderboard import leaderboard as leaderboard_section
from harness.store.store import Store

if TYPE_CHECKING:
    from harness.planning.tasks import Task
    from harness.store.record import Record
    from harness.training.loop import Progress

LEGEND = (
    "A cell holds a mean and its 95 % interval, which allows for other users, seeds and splits. ▲ better "
    "than the best baseline, ▼ worse, = equal to it. <code>frame</code> has every number."
)

STORE = "store"
"""The folder of results, if none is given."""


def load_plan(plan: str | Path | Mapping[str, Any] | Plan) -> Plan:
    """Read and check a plan.

    Args:
        plan: The path of a YAML file, the name of a plan that comes with the project, or a dictionary with
            the keys of such a file. Relative paths of a dictionary start at the current folder.

    Raises:
        InputError: There is no such plan, or it holds an unknown key, system, metric or hyper-parameter, or a
            value that cannot be.
    """
    if isinstance(plan, Plan):
        return plan
    if isinstance(plan, Mapping):
        return make_plan(plan, Path.cwd())
    return load_plan_file(find_plan(str(plan)))


def run(
    plan: str | Path | Mapping[str, Any] | Plan, store: str | Path = STORE, workers: int = 1
) -> pd.DataFrame:
    """Train and test every run of a plan that the store lacks. It may be interrupted and repeated at will.

    Args:
        plan: See :func:`load_plan`.
        store: The folder of results.
        workers: Processes that share the runs. With 1 this process does everything.

    Returns:
        What the store then holds, one row for each run: ``dataset``, ``system``, ``repetition``, ``status``
        (finished, failed or skipped), ``reason``, and the run's ``identity``, which names its folder.

    Raises:
        InputError: A dataset cannot be read, or the store cannot be written.
    """
    from harness.execution.execution import execute
    from harness.execution.task_runner import RunnerConfig

    loaded, root = load_plan(plan), Path(store)
    config = RunnerConfig(root, loaded.seed)
    execute(loaded, config, lambda name: True, _Silent(), lambda: False, workers)
    return pd.DataFrame([vars(status) for status in run_statuses(loaded, Store(root))])


def leaderboard(plan: str | Path | Mapping[str, Any] | Plan, store: str | Path = STORE) -> Leaderboard:
    """The verdict on every system of a plan, from what is stored. Nothing is trained.

    Args:
        plan: See :func:`load_plan`.
        store: The folder of results.

    Raises:
        InputError: The store holds no finished run of the plan, or a damaged one.
    """
    loaded = load_plan(plan)
    datasets, _ = read_evidence(loaded, Store(Path(store)))
    return Leaderboard(loaded, tuple(evidence for evidence in datasets if evidence.groups))


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """The finished runs of a plan, compared. A notebook shows it as a table.

    Attributes:
        plan: The plan.
        evidence: The finished runs of each dataset.
    """

    plan: Plan
    evidence: tuple[Evidence, ...]

    @property
    def datasets(self) -> list[str]:
        """The names of the datasets that have finished runs."""
        return [each.dataset.name for each in self.evidence]

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of leaderboard.csv: one for each dataset, system and metric, the best mean first."""
        frames = [section.frames["leaderboard"] for section in self._sections.values()]
        frame = pd.concat(frames, ignore_index=True)
        return frame.sort_values(
            ["dataset", "metric", "mean"], ascending=[True, True, False], ignore_index=True
        )

    @property
    def pairs(self) -> pd.DataFrame:
        """The comparison of every pair of primary systems on every metric shown."""
        return pd.concat(
            [
                pairs.assign(dataset=each.dataset.name, metric=metric)
                for each in self.evidence
                for metric, pairs in each.pairs.items()
            ],
            ignore_index=True,
        )

    def users(self, *systems: str, metric: str | None = None, dataset: str | None = None) -> pd.DataFrame:
        """The scores of every tested user, averaged over runs.

        Args:
            systems: Names in tables; all systems if none is given.
            metric: One of the metrics shown; the first if None.
            dataset: One of ``datasets``; the first if None.

        Returns:
            One row for each user, one column for each system. A user whom no split tests has no row.

        Raises:
            InputError: There is no such system, metric or dataset.
        """
        each = self.evidence[_position("dataset", dataset or self.datasets[0], self.datasets)]
        shown = each.shown
        means = each.samples[shown[_position("metric", metric or shown[0], shown)]].means
        names = list(means.columns)
        return means[[names[_position("system", name, names)] for name in systems or names]]

    def __repr__(self) -> str:
        return "\n\n".join(f"{name}\n{board.to_string(index=False)}" for name, board in self._boards())

    def _repr_html_(self) -> str:
        tables = [
            f"<h3>{escape(name)}</h3>{board.to_html(index=False, border=0)}" for name, board in self._boards()
        ]
        return "".join([*tables, f"<p>{LEGEND}</p>"])

    def _boards(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """The cells of each dataset's table, without markup."""
        for name, section in self._sections.items():
            assert section.board is not None, "the section of a leaderboard has one"
            yield name, section.board

    @cached_property
    def _sections(self) -> dict[str, Section]:
        """The leaderboard of each dataset, by its name. All is computed once, when it is first shown."""
        options = Options(figures=False)
        return {each.dataset.name: leaderboard_section(each, options) for each in self.evidence}


def _position(what: str, name: str, names: list[str]) -> int:
    if name not in names:
        raise InputError(f"there is no {what} {name!r} here; {did_you_mean(name, names)}")
    return names.index(name)


class _Silent:
    """Is told of the runs of a plan, and says nothing."""

    def expect(self, tasks: int) -> None:
        pass

    def already_stored(self, task: Task) -> None:
        pass

    def damaged(self, title: str, moved_to: Path) -> None:
        pass

    def started(self, task: Task) -> Progress:
        return lambda epoch, score: None

    def ended(self, task: Task, record: Record) -> None:
        pass
