"""Doing one run or one search: what every place of execution does, wherever it is."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from harness.errors import InputError, Interrupted, RunFailed, StoreError
from harness.execution.provenance import describe
from harness.planning.parts import DatasetPlan
from harness.planning.runs import Run
from harness.planning.searches import Search
from harness.store import layout
from harness.store.checkpoint import Checkpoint
from harness.store.damage import move_away
from harness.store.layout import PROTOTYPES, WEIGHTS
from harness.store.record import Record, new_record
from harness.store.store import Store
from harness.training.loading import load
from harness.training.loop import Progress, Watch
from harness.training.prepared_data import PreparedData, material
from harness.training.run import train
from harness.training.warm_start import Weights

Task = Run | Search
"""What a place is given to do."""

Stop = Callable[[], bool]
"""Whether somebody asked to stop."""


@dataclass(frozen=True)
class RunnerConfig:
    """What a worker must know to open the task_runner.

    Attributes:
        root: The store's folder.
        seed: The plan's.
        optuna: URL of Optuna's storage, or None for journals in the store.
    """

    root: Path
    seed: int
    optuna: str | None = None

    @contextmanager
    def open(self) -> Iterator[TaskRunner]:
        """The task_runner; temporary files go when it is no longer needed."""
        task_runner = TaskRunner(self)
        try:
            yield task_runner
        finally:
            task_runner.close()


class TaskRunner:
    """One store and the material of every dataset in use, made once a process."""

    def __init__(self, site: RunnerConfig) -> None:
        """Nothing is read before it is needed."""
        self.site, self.store = site, Store(site.root)
        self._open = ExitStack()
        self._material: dict[str, PreparedData] = {}

    def close(self) -> None:
        """Remove temporary files."""
        self._open.close()

    def material(self, dataset: DatasetPlan) -> PreparedData:
        """The dataset's material.

        Raises:
            InputError: The dataset cannot be read.
        """
        key = dataset.model_dump_json()
        if key not in self._material:
            try:
                loaded = load(dataset, self.site.seed, self.site.root / layout.TEXT)
            except StoreError:
                raise
            except InputError as error:
                raise InputError(f"dataset {dataset.name}: {error}") from None
            self._material[key] = self._open.enter_context(material(*loaded))
        return self._material[key]

    def identity(self, task: Task) -> str:
        """The task's identity with its dataset's checksum."""
        return task.identity(*[self.material(dataset).checksum for dataset in task.datasets])

    def do(self, task: Task, progress: Progress, stop: Stop) -> Record | None:
        """Do and store one task; its record, or None while another process does it.

        A task that fails is stored with its reason.

        Raises:
            Interrupted: ``stop`` said so; the run's checkpoint is in the store.
            StoreError: The store cannot be written.
        """
        identity = self.identity(task)
        with self.store.claim(identity) as mine:
            if not mine:
                return None
            if self.store.is_sound(identity):
                return self.store.record(identity)
            if identity in self.store:
                move_away(self.store, self.store.folder(identity))
            fields, users, trials, arrays = describe(task), None, None, None
            torch.set_num_threads(task.training.threads)
            try:
                if isinstance(task, Search):
                    found, trials = self._tune(task, identity, Watch(progress, stop=stop))
                else:
                    watch = Watch(progress, checkpoint=self.store.checkpoint(identity), stop=stop)
                    outcome = train(task, self.material(task.dataset), watch, self._start(task))
                    found, users = outcome.record, outcome.users
                    arrays = {PROTOTYPES: outcome.prototypes, WEIGHTS: outcome.weights}
                fields |= {"status": "finished", **found}
            except (Interrupted, StoreError):
                raise
            except Exception as error:  # whatever ends one task, the others go on and the table shows it
                fields |= failure(error)
            record = new_record(fields)
            self.store.put(identity, record, users, trials, arrays)
            self.store.checkpoint(identity).remove()
            return record

    def give_up(self, task: Task, error: Exception) -> Record:
        """Store that a task failed outside this process; its record."""
        record = new_record(describe(task) | failure(error))
        self.store.put(self.identity(task), record, None)
        return record

    def _start(self, run: Run) -> Weights | None:
        """What a warm start begins with: the weights of the run before it, which is stored already."""
        if run.before is None:
            return None
        weights = self.store.arrays(self.identity(run.before), WEIGHTS)
        if not weights:
            raise RunFailed(f"starts from {run.before.title}, which has no result")
        return weights

    def _tune(self, search: Search, identity: str, watch: Watch) -> tuple[dict[str, Any], pd.DataFrame]:
        from harness.training.tuning.search_loop import Tools, tune
        from harness.training.tuning.trial_storage import open_storage  # Optuna takes a second to import

        everything = self.material(search.dataset)

        def checkpoint(run: Run) -> Checkpoint:
            return self.store.checkpoint(layout.trial_name(identity, run.identity(everything.checksum)))

        with open_storage(self.site.optuna, self.store.journal(identity)) as storage:
            return tune(search, everything.for_tuning(), Tools(storage, identity, checkpoint, watch))


def failure(error: Exception) -> dict[str, Any]:
    """What a record says of a task that failed."""
    expected = isinstance(error, RunFailed | InputError)
    reason = str(error).split("\n")[0]
    return {
        "status": "failed",
        "reason": reason if expected else f"{type(error).__name__}: {reason}",
        "traceback": "".join(traceback.format_exception(error)),
    }
