"""What a store holds of a plan: which runs are finished, failed, missing, skipped or damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.planning.identity import PROTOCOL
from harness.planning.plan import Plan
from harness.planning.searches import planned, searches
from harness.planning.tasks import Run, Search, Skipped, Task, Untuned
from harness.store.notes import DamagedNotesError
from harness.store.record import SearchRecord
from harness.store.store import Store

EARLIER_PROTOCOL = "stored under an earlier protocol, whose results are not compared with today's"
"""Why a run is missing though the store holds it: it was done before ``PROTOCOL`` last rose."""

OTHER_SOURCE = "the source file of the system has changed since it was run"
"""Why a run of a system from outside is missing though the store holds one of the same name."""

OTHER_VERSION = "the version of RecBole has changed since it was run"
"""Why a run of a model of RecBole is missing though the store holds one of the same name."""

RUN_BEFORE = (EARLIER_PROTOCOL, OTHER_SOURCE, OTHER_VERSION)
"""The reasons of runs that were done before, and have to be done again."""


@dataclass(frozen=True)
class RunStatus:
    """What a store holds of one planned run.

    Attributes:
        dataset: The dataset's name.
        system: The system's name in tables.
        repetition: Which repetition it is, from 0. None for a system that is skipped on the dataset.
        status: ``finished``, ``failed``, ``missing``, ``skipped``, or ``damaged`` if the files of the run, of
            its search, or of the description of its dataset are not as they were written.
        reason: Why it is not finished.
        identity: The identity of what is stored: the run, or the search that failed or is damaged.
    """

    dataset: str
    system: str
    repetition: int | None
    status: str
    reason: str = ""
    identity: str = ""


class StoreIndex:
    """Finds a plan's tasks in a store by the checksums that are noted there. It reads no data."""

    def __init__(self, plan: Plan, store: Store) -> None:
        """A dataset that was never read has no noted checksum, and none of its tasks is stored.

        ``damaged`` holds the names of the datasets whose description in the store is damaged.
        """
        self.store = store
        self.checksums: dict[str, str] = {}
        self.damaged: set[str] = set()
        self._sound: dict[str, bool] = {}
        for dataset in plan.variants:
            try:
                description = store.notes.description(dataset.key(plan.seed))
            except DamagedNotesError:
                self.damaged.add(dataset.name)
            else:
                self.checksums |= {dataset.name: description["checksum"]} if description else {}

    def find(self, task: Task) -> str | None:
        """The task's identity if it is stored, sound or damaged. None otherwise."""
        if not all(dataset.name in self.checksums for dataset in task.datasets):
            return None
        identity = task.identity(*(self.checksums[dataset.name] for dataset in task.datasets))
        return identity if identity in self.store else None

    def is_of_earlier_protocol(self, task: Task) -> bool:
        """Whether the store holds the task as it was done under an earlier protocol."""
        if not all(dataset.name in self.checksums for dataset in task.datasets):
            return False
        checksums = [self.checksums[dataset.name] for dataset in task.datasets]
        earlier = range(1, PROTOCOL)
        return any(task.identity(*checksums, protocol=version) in self.store for version in earlier)

    def has_other_sources(self, run: Run) -> bool:
        """Whether the store holds the run of a system whose source file or version was another."""
        name = (run.dataset.name, run.name, run.repetition)
        return any(
            (record.dataset, record.system, record.repetition) == name
            and record.sources != run.system.sources
            for record in self.store.runs().values()
        )

    def is_sound(self, identity: str) -> bool:
        """As ``Store.is_sound``. The files are looked at once."""
        if identity not in self._sound:
            self._sound[identity] = self.store.is_sound(identity)
        return self._sound[identity]

    def identity(self, task: Task) -> str | None:
        """The task's identity if it is stored and sound. None otherwise."""
        identity = self.find(task)
        return identity if identity and self.is_sound(identity) else None

    def record(self, search: Search) -> SearchRecord | None:
        """The search's record if it is stored and sound. None otherwise."""
        identity = self.identity(search)
        return self.store.search_record(identity) if identity else None


def run_statuses(plan: Plan, store: Store) -> list[RunStatus]:
    """One entry for each planned run, and one for each system that is skipped on a dataset."""
    return list(_statuses(plan, StoreIndex(plan, store)))


def _statuses(plan: Plan, index: StoreIndex) -> Iterator[RunStatus]:
    tuned = {}
    if plan.tuning:
        tuned = {(run.dataset.name, run.name): search for run, search in searches(plan)}
    for entry in planned(plan, index.record):
        if isinstance(entry, Skipped):
            yield RunStatus(entry.dataset, entry.system, None, "skipped", entry.reason)
        elif isinstance(entry, Untuned):
            yield _untuned(entry, tuned[entry.run.dataset.name, entry.run.name], index)
        else:
            yield _status(entry, index)


def _untuned(entry: Untuned, task: Search, index: StoreIndex) -> RunStatus:
    """The status of a run that waits for a search."""
    run, search = entry.run, index.find(task)
    name = (run.dataset.name, run.name, run.repetition)
    if run.dataset.name in index.damaged:
        return RunStatus(*name, "damaged", "the description of its dataset is not as it was written")
    if search and not index.is_sound(search):
        return RunStatus(*name, "damaged", "the files of its search are not those that were written", search)
    if search is None and index.is_of_earlier_protocol(task):
        return RunStatus(*name, "missing", EARLIER_PROTOCOL)
    return RunStatus(*name, "failed" if entry.failed else "missing", entry.reason, search or "")


def _why_missing(run: Run, index: StoreIndex) -> str:
    if index.is_of_earlier_protocol(run):
        return EARLIER_PROTOCOL
    if run.system.sources and index.has_other_sources(run):
        return OTHER_VERSION if run.system.is_recbole else OTHER_SOURCE
    return "not run yet"


def _status(run: Run, index: StoreIndex) -> RunStatus:
    name = (run.dataset.name, run.name, run.repetition)
    if run.dataset.name in index.damaged:
        return RunStatus(*name, "damaged", "the description of its dataset is not as it was written")
    identity = index.find(run)
    if identity is None:
        return RunStatus(*name, "missing", _why_missing(run, index))
    if not index.is_sound(identity):
        return RunStatus(*name, "damaged", "its files are not those that were written", identity)
    record = index.store.record(identity)
    return RunStatus(*name, record.status, record.reason, identity)
