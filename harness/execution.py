"""Doing the runs that a store lacks: in this process, and what every other place does with one run."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch

from harness import InputError
from harness.checkpoint import Interrupted
from harness.data.dataset import Dataset
from harness.data.prepare import prepare
from harness.fitting import Progress, RunFailed, Watch
from harness.plan import DatasetPlan, Plan, Run, Skipped, dataset_key, expand, has_text, seed_of
from harness.provenance import describe, facts
from harness.store import Store, StoreError
from harness.text.rows import TextTable
from harness.text.table import text_table
from harness.training import Material, material, train

POLL_S = 0.5
"""How often a run that another process does is looked at again."""


class Watcher(Protocol):
    """Told what happens, so that somebody can show it."""

    def known(self, run: Run) -> None:
        """A run is stored already."""

    def damaged(self, run: Run, place: Path) -> None:
        """A stored run's files were not those written; they lie at ``place`` and the run is redone."""

    def started(self, run: Run) -> Progress:
        """A run begins; returns what to tell of its epochs."""

    def ended(self, run: Run, record: dict[str, Any]) -> None:
        """A run was stored."""


class Place(Protocol):
    """Where runs are done."""

    def __call__(self, runs: list[Run], done: Callable[[Run, dict[str, Any]], None]) -> None:
        """Do runs in any order; ``done`` is told of each with its record.

        Raises:
            Interrupted: Somebody asked to stop.
        """


def load(plan: DatasetPlan, seed: int, cache: Path | None) -> tuple[Dataset, TextTable | None]:
    """The dataset and text rows a plan asks for, checked."""
    split_seed = seed_of(seed, plan.name, None, "split")
    dataset = prepare(plan.name, plan.source, plan.split, split_seed)
    return dataset, text_table(plan.text, dataset, cache) if has_text(plan) else None


class Workshop:
    """One store and the material of every dataset in use, made once a process."""

    def __init__(self, store: Store, seed: int) -> None:
        """``seed`` is the plan's."""
        self.store, self.seed = store, seed
        self._open = ExitStack()
        self._material: dict[str, Material] = {}

    def close(self) -> None:
        """Remove temporary files."""
        self._open.close()

    def material(self, dataset: DatasetPlan) -> Material:
        """The dataset's material.

        Raises:
            InputError: The dataset cannot be read.
        """
        key = dataset.model_dump_json()
        if key not in self._material:
            loaded = load(dataset, self.seed, self.store.root / "text")
            self._material[key] = self._open.enter_context(material(*loaded))
        return self._material[key]

    def identity(self, run: Run) -> str:
        """The run's identity with its dataset's checksum."""
        return run.identity(self.material(run.dataset).checksum)

    def do(self, run: Run, progress: Progress, stop: Callable[[], bool]) -> dict[str, Any] | None:
        """Train, test and store one run; its record, or None while another process does it.

        A run that fails is stored with its reason.

        Raises:
            Interrupted: ``stop`` said so; the run's checkpoint is in the store.
            StoreError: The store cannot be written.
        """
        identity = self.identity(run)
        with self.store.claim(identity) as mine:
            if not mine:
                return None
            if identity in self.store:
                return self.store.record(identity)
            checkpoint = self.store.checkpoint(identity)
            record, users, prototypes = describe(run), None, None
            torch.set_num_threads(run.training.threads)
            try:
                outcome = train(run, self.material(run.dataset), Watch(progress, checkpoint, stop))
                users, prototypes = outcome.users, outcome.prototypes
                record |= {"status": "finished", **outcome.record}
            except (Interrupted, StoreError):
                raise
            except Exception as error:  # whatever ends one run, the others go on and the table shows it
                record |= failure(error)
            self.store.put(identity, record, users, prototypes)
            checkpoint.remove()
            return record


def failure(error: Exception) -> dict[str, Any]:
    """What a record says of a run that failed."""
    expected = isinstance(error, RunFailed | InputError)
    reason = str(error).split("\n")[0]
    return {
        "status": "failed",
        "reason": reason if expected else f"{type(error).__name__}: {reason}",
        "traceback": "".join(traceback.format_exception(error)),
    }


def execute(
    plan: Plan,
    store: Store,
    watcher: Watcher,
    only: Callable[[Run], bool],
    place: Callable[[Workshop, Watcher], Place],
) -> None:
    """Do what the store lacks, at the place given.

    Every dataset is read and checked before anything trains.

    Raises:
        Interrupted: Somebody asked to stop; what is finished is stored, the rest has checkpoints.
    """
    runs = [run for run in expand(plan) if not isinstance(run, Skipped) and only(run)]
    with _workshop(store, plan.seed) as workshop:
        for dataset in plan.datasets:
            store.note_dataset(dataset_key(plan, dataset), facts(workshop.material(dataset)))
        lacking = []
        for run in runs:
            identity = workshop.identity(run)
            if identity in store and not store.is_sound(identity):
                watcher.damaged(run, store.set_aside(identity))
            if identity in store:
                watcher.known(run)
            else:
                lacking.append(run)
        place(workshop, watcher)(lacking, watcher.ended)


@contextmanager
def _workshop(store: Store, seed: int) -> Iterator[Workshop]:
    workshop = Workshop(store, seed)
    try:
        yield workshop
    finally:
        workshop.close()


def here(stop: Callable[[], bool]) -> Callable[[Workshop, Watcher], Place]:
    """This process, one run after the other."""

    def place(workshop: Workshop, watcher: Watcher) -> Place:
        def work(runs: list[Run], done: Callable[[Run, dict[str, Any]], None]) -> None:
            waiting = runs
            while waiting:
                elsewhere = []
                for run in waiting:
                    record = workshop.do(run, watcher.started(run), stop)
                    if record is None:
                        elsewhere.append(run)
                    else:
                        done(run, record)
                if elsewhere == waiting:  # others do all that is left
                    time.sleep(POLL_S)
                if stop():
                    raise Interrupted("stopped between two runs")
                waiting = elsewhere

        return work

    return place
