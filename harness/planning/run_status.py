"""What the store holds of a plan: which runs are finished, failed, missing or skipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.planning.plan import Plan
from harness.planning.runs import Run, Skipped, dataset_key
from harness.planning.searches import Search, Untuned, planned, searches
from harness.store.notes import DamagedNotesError
from harness.store.record import SearchRecord
from harness.store.store import Store


@dataclass(frozen=True)
class RunStatus:
    """What the store holds of one planned run.

    ``status`` is finished, failed, missing, skipped or damaged. A run is damaged if its own files, or those
    of its search, or the description of its dataset are not as they were written.

    ``identity`` is that of what is stored: the run, or the search that failed or is damaged.
    """

    dataset: str
    system: str
    repetition: int | None
    status: str
    reason: str = ""
    identity: str = ""


class StoreIndex:
    """A plan's tasks in the store, by the checksums noted there; no data is read."""

    def __init__(self, plan: Plan, store: Store) -> None:
        """Datasets that were never read have no checksum, and none of their runs is stored.

        ``damaged`` holds the names of datasets whose description in the store is damaged.
        """
        self.store = store
        self._sound: dict[str, bool] = {}
        self.checksums: dict[str, str] = {}
        self.damaged: set[str] = set()
        for dataset in plan.datasets:
            try:
                description = store.notes.description(dataset_key(plan, dataset))
            except DamagedNotesError:
                self.damaged.add(dataset.name)
            else:
                self.checksums |= {dataset.name: description["checksum"]} if description else {}

    def find(self, task: Run | Search) -> str | None:
        """The task's identity if it is stored, sound or damaged."""
        if not all(dataset.name in self.checksums for dataset in task.datasets):
            return None
        identity = task.identity(*(self.checksums[dataset.name] for dataset in task.datasets))
        return identity if identity and identity in self.store else None

    def is_sound(self, identity: str) -> bool:
        """As ``Store.is_sound``, looked at once."""
        if identity not in self._sound:
            self._sound[identity] = self.store.is_sound(identity)
        return self._sound[identity]

    def identity(self, task: Run | Search) -> str | None:
        """The task's identity if it is stored and sound."""
        identity = self.find(task)
        return identity if identity and self.is_sound(identity) else None

    def record(self, search: Search) -> SearchRecord | None:
        """The search's record if it is stored and sound."""
        identity = self.identity(search)
        return self.store.search_record(identity) if identity else None


def run_statuses(plan: Plan, store: Store) -> list[RunStatus]:
    """One entry a planned run, and one a skipped pair."""
    return list(_standings(plan, StoreIndex(plan, store)))


def _standings(plan: Plan, shelf: StoreIndex) -> Iterator[RunStatus]:
    tuned = {}
    if plan.tuning:
        tuned = {(run.dataset.name, run.name): shelf.find(search) for run, search in searches(plan)}
    for entry in planned(plan, shelf.record):
        if isinstance(entry, Skipped):
            yield RunStatus(entry.dataset, entry.system, None, "skipped", entry.reason)
        elif isinstance(entry, Untuned):
            yield _untuned(entry, tuned[entry.run.dataset.name, entry.run.name], shelf)
        else:
            yield _standing(entry, shelf)


def _untuned(entry: Untuned, search: str | None, shelf: StoreIndex) -> RunStatus:
    """The status of a run that waits for a ``search``, which is stored if it has an identity."""
    run = entry.run
    name = (run.dataset.name, run.name, run.repetition)
    if run.dataset.name in shelf.damaged:
        return RunStatus(*name, "damaged", "the description of its dataset is not as it was written")
    if search and not shelf.is_sound(search):
        return RunStatus(*name, "damaged", "the files of its search are not those that were written", search)
    return RunStatus(*name, "failed" if entry.failed else "missing", entry.reason, search or "")


def _standing(run: Run, shelf: StoreIndex) -> RunStatus:
    name = (run.dataset.name, run.name, run.repetition)
    if run.dataset.name in shelf.damaged:
        return RunStatus(*name, "damaged", "the description of its dataset is not as it was written")
    identity = shelf.find(run)
    if identity is None:
        return RunStatus(*name, "missing", "not run yet")
    if not shelf.is_sound(identity):
        return RunStatus(*name, "damaged", "its files are not those that were written", identity)
    record = shelf.store.record(identity)
    return RunStatus(*name, record.status, record.reason, identity)
