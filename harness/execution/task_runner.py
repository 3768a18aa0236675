"""Doing one run or one search. Every backend does this, in whichever process it does a task."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from harness.data.dataset import Dataset
from harness.errors import InputError, Interrupted, RunFailed, StoreError
from harness.execution.provenance import task_fields
from harness.external.list_files import list_frame
from harness.logs import SHOWN
from harness.planning.datasets import DatasetVariant
from harness.planning.tasks import Run, Search, Task
from harness.store import layout
from harness.store.damage import move_away
from harness.store.layout import PROTOTYPES, WEIGHTS
from harness.store.record import Record, new_record
from harness.store.store import Store
from harness.training.loading import load
from harness.training.loop import Callbacks, Progress
from harness.training.memory import Sizes
from harness.training.prepared_data import PreparedData, prepared
from harness.training.run import train
from harness.training.warm_start import Weights

logger = logging.getLogger(__name__)

ShouldStop = Callable[[], bool]
"""Returns whether the user has asked the program to stop."""


class DatasetFacts(NamedTuple):
    """What is kept of a dataset when its data is dropped from memory."""

    checksum: str
    sizes: Sizes


@dataclass(frozen=True)
class RunnerConfig:
    """What every process must know to do tasks of a plan.

    Attributes:
        root: The store's folder.
        seed: The plan's seed.
        optuna: The URL of Optuna's storage. If it is None, each search keeps a journal in the store.
        log_file: The file to which workers append their log. None if there is no log.
    """

    root: Path
    seed: int
    optuna: str | None = None
    log_file: Path | None = None

    @contextmanager
    def open(self, facts: Mapping[str, DatasetFacts] | None = None) -> Iterator[TaskRunner]:
        """A task runner. Its temporary files are removed when the block ends.

        Args:
            facts: ``TaskRunner.facts`` of another process. A dataset that is known from there is not read for
                its checksum alone.
        """
        task_runner = TaskRunner(self, facts)
        try:
            yield task_runner
        finally:
            task_runner.close()


class TaskRunner:
    """Does tasks in this process, with one store.

    The data of a dataset stays in memory until it is released.

    Attributes:
        facts: What is known of each dataset that was read, by :func:`dataset_key`.
    """

    def __init__(self, config: RunnerConfig, facts: Mapping[str, DatasetFacts] | None = None) -> None:
        """See :meth:`RunnerConfig.open`. No data is read before it is needed."""
        self.config, self.store, self.facts = config, Store(config.root), dict(facts or {})
        self._data: dict[str, PreparedData] = {}
        self._open: dict[str, ExitStack] = {}

    def close(self) -> None:
        """Drop all data and remove temporary files."""
        self._data.clear()
        while self._open:
            self._open.popitem()[1].close()

    def data(self, dataset: DatasetVariant) -> PreparedData:
        """The dataset, read and prepared.

        Raises:
            InputError: The dataset cannot be read, or it has changed since it was read before.
        """
        key = dataset_key(dataset)
        if key not in self._data:
            try:
                loaded = load(dataset, self.config.seed, self.config.root / layout.TEXT)
            except StoreError:
                raise
            except InputError as error:
                raise InputError(f"dataset {dataset.name}: {error}") from None
            with ExitStack() as stack:
                data = stack.enter_context(prepared(*loaded))
                facts = DatasetFacts(data.checksum, data.sizes)
                if self.facts.setdefault(key, facts) != facts:
                    raise InputError(
                        f"dataset {dataset.name}: its files have changed since the command began; run the "
                        "same command again"
                    )
                self._data[key], self._open[key] = data, stack.pop_all()
        return self._data[key]

    def release(self, dataset: DatasetVariant) -> None:
        """Drop a dataset's data from memory, and its temporary files. Its facts are kept."""
        self._drop(dataset_key(dataset))

    def learn(self, facts: Mapping[str, DatasetFacts]) -> None:
        """Take over the facts of another process. Data that does not agree with them is dropped."""
        for key, known in facts.items():
            if self.facts.get(key, known) != known:
                self._drop(key)
            self.facts[key] = known

    def facts_of(self, dataset: DatasetVariant) -> DatasetFacts:
        """The checksum and the sizes of a dataset, which is read if they are not known yet.

        Raises:
            InputError: The dataset cannot be read.
        """
        key = dataset_key(dataset)
        if key not in self.facts:
            self.data(dataset)
        return self.facts[key]

    def identity(self, task: Task) -> str:
        """The task's identity, which depends on the content of its datasets."""
        return task.identity(*[self.facts_of(dataset).checksum for dataset in task.datasets])

    def run(self, task: Task, on_progress: Progress, should_stop: ShouldStop) -> Record | None:
        """Do a task and store it. If the task fails, its record says why.

        Args:
            task: The run or search to do.
            on_progress: Is told of the epochs of a run, or of the trials of a search.
            should_stop: Is asked before every epoch.

        Returns:
            The task's record. None if another process holds the task.

        Raises:
            Interrupted: ``should_stop`` returned true. The state of the run is saved in the store.
            InputError: The dataset cannot be read, or the store cannot be written.
        """
        identity = self.identity(task)
        with self.store.claim(identity) as is_claimed:
            if not is_claimed:
                logger.debug("The task %s is under way in another process.", task.title)
                return None
            if self.store.is_sound(identity):
                logger.info("The task %s was stored meanwhile by another process.", task.title)
                return self.store.record(identity)
            if identity in self.store:
                move_away(self.store, self.store.folder(identity))
            logger.info("The task %s begins. Its identity is %s.", task.title, identity)
            if isinstance(task, Search):
                import_optuna()
            return self._do(task, identity, on_progress, should_stop)

    def store_failure(self, task: Task, error: Exception) -> Record:
        """Store that a task failed in another process; returns the record."""
        record = new_record(task_fields(task) | failure(error))
        self.store.put(self.identity(task), record, None)
        return record

    def _drop(self, key: str) -> None:
        if self._data.pop(key, None) is not None:
            self._open.pop(key).close()

    def _do(self, task: Task, identity: str, on_progress: Progress, should_stop: ShouldStop) -> Record:
        data = self.data(task.dataset)
        fields, users, trials, arrays, lists = task_fields(task), None, None, None, None
        torch.set_num_threads(task.training.threads)
        try:
            if isinstance(task, Search):
                callbacks = Callbacks(on_progress, should_stop=should_stop)
                measured, trials = self._tune(task, identity, data, callbacks)
            else:
                assert isinstance(task, Run)
                checkpoint = self.store.checkpoint(identity)
                callbacks = Callbacks(on_progress, checkpoint=checkpoint, should_stop=should_stop)
                outcome = train(task, data, callbacks, self._start(task))
                measured, users = outcome.record, outcome.users
                arrays = {PROTOTYPES: outcome.prototypes, WEIGHTS: outcome.weights}
                if outcome.lists:
                    assert isinstance(data.dataset, Dataset)
                    lists = list_frame(outcome.lists, data.dataset)
            fields |= {"status": "finished", **measured}
        except (Interrupted, StoreError):
            raise
        except Exception as error:  # whatever ends one task, the others go on and the table shows it
            fields |= failure(error)
            logger.debug("The task %s has failed.", task.title, exc_info=error)
        record = new_record(fields)
        self.store.put(identity, record, users, trials, arrays, lists)
        checkpoint = self.store.checkpoint(identity)
        checkpoint.remove()
        checkpoint.of_refit.remove()
        logger.info("The task %s has %s and is stored.", task.title, record.status, extra=SHOWN)
        return record

    def _start(self, run: Run) -> Weights | None:
        """The weights that a warm start begins with. None for a run that starts from random weights.

        Raises:
            RunFailed: The run of the window before has no weights, since it failed.
        """
        if run.before is None:
            return None
        weights = self.store.arrays(self.identity(run.before), WEIGHTS)
        if not weights:
            raise RunFailed(f"starts from {run.before.title}, which has no result")
        return weights

    def _tune(
        self, search: Search, identity: str, data: PreparedData, callbacks: Callbacks
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        from harness.training.tuning.search_loop import SearchContext, tune
        from harness.training.tuning.trial_storage import open_storage

        with open_storage(self.config.optuna, self.store.journal(identity)) as storage:
            context = SearchContext(storage, identity, data.checksum, self.store, callbacks)
            return tune(search, data.for_tuning(), context)


def import_optuna() -> None:
    """Import Optuna, which takes a second, so that only processes that search for hyper-parameters do it.

    Optuna stores the traceback of each optional package that it cannot import. A traceback keeps alive the
    functions that were under way, with their variables. So this is called where no variable holds data.
    """
    import harness.training.tuning.search_loop
    import harness.training.tuning.trial_storage  # noqa: F401


def dataset_key(dataset: DatasetVariant) -> str:
    """Names a dataset in a process, by everything that it is read and made from."""
    return dataset.model_dump_json()


def failure(error: Exception) -> dict[str, Any]:
    """The fields of a record that say why a task failed."""
    expected = isinstance(error, RunFailed | InputError)
    reason = str(error).split("\n")[0]
    return {
        "status": "failed",
        "reason": reason if expected else f"{type(error).__name__}: {reason}",
        "traceback": "".join(traceback.format_exception(error)),
    }
