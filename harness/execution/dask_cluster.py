"""The backend that does tasks on a Dask cluster, whose machines see the store's folder under one name."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import cache
from types import TracebackType
from typing import Any

from harness.errors import InputError
from harness.execution.backends import Result
from harness.execution.task_runner import DatasetFacts, RunnerConfig, TaskRunner
from harness.logs import log_to_file
from harness.planning.datasets import DatasetVariant
from harness.planning.tasks import Task
from harness.store.record import Record

CONNECT_S = 10
"""How long the scheduler may take to answer, in seconds."""


class DaskCluster:
    """Does tasks on a Dask cluster.

    If a worker of the cluster dies, another one takes its task up again from the last checkpoint. A task that
    cannot be done even so is stored as failed.
    """

    interruption = (
        "The command was interrupted. What is finished is stored, and the cluster still finishes and stores "
        "the tasks that it has begun. To go on, run the same command again."
    )

    def __init__(self, address: str, task_runner: TaskRunner) -> None:
        """Connect to the scheduler at an address such as ``tcp://host:8786``.

        Raises:
            InputError: Dask is not installed, or no scheduler answers.
        """
        try:
            from distributed import Client
        except ImportError:
            raise InputError("--scheduler needs the extra: pip install -e '.[dask]'") from None
        try:
            self._client = Client(address, timeout=CONNECT_S)  # the default client, which `wait` looks for
        except (OSError, ValueError) as error:
            raise InputError(f"--scheduler: nothing answers at {address!r} ({error})") from None
        self._task_runner = task_runner
        self._config = replace(task_runner.config, root=task_runner.config.root.resolve())
        self._tasks: dict[Any, Task] = {}

    def __enter__(self) -> DaskCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster to itself."""
        self._client.close()

    def has_room(self) -> bool:
        """See :meth:`Backend.has_room`. The scheduler has a queue of its own, so there is always room."""
        return True

    def start(self, task: Task) -> None:
        """Give a task to the scheduler."""
        config, facts = self._config, self._task_runner.facts
        future = self._client.submit(_run_on_cluster, task, config, facts, pure=False, retries=1)
        self._tasks[future] = task

    def collect(self, timeout_s: float) -> list[Result]:
        """See :meth:`Backend.collect`."""
        import distributed

        if not self._tasks:
            time.sleep(timeout_s)
            return []
        with suppress(distributed.TimeoutError):
            distributed.wait(list(self._tasks), timeout=timeout_s, return_when="FIRST_COMPLETED")
        return [self._result(future) for future in list(self._tasks) if future.done()]

    def release(self, dataset: DatasetVariant) -> None:
        """See :meth:`Backend.release`. A worker that does not answer is left alone."""
        self._client.run(_release_on_cluster, dataset, self._config, on_error="ignore")

    def interrupt(self) -> list[Result]:
        """Withdraw the tasks that the cluster has not begun. Those that it has begun, it ends and stores."""
        self._client.cancel(list(self._tasks))
        return []

    def _result(self, future: Any) -> Result:
        task, error = self._tasks.pop(future), future.exception()
        if error is None:
            return task, future.result()
        if not isinstance(error, Exception):
            raise error
        return task, self._task_runner.store_failure(task, error)


_ONE_TASK_AT_A_TIME = threading.Lock()


@cache
def _task_runner(config: RunnerConfig) -> TaskRunner:
    """The task runner of a worker's process, which is kept from task to task."""
    return TaskRunner(config)


def _run_on_cluster(task: Task, config: RunnerConfig, facts: dict[str, DatasetFacts]) -> Record | None:
    """Do a task in a worker of the cluster, in one thread: RecBole and torch have settings of the process."""
    log_to_file(config.log_file)
    with _ONE_TASK_AT_A_TIME:
        task_runner = _task_runner(config)
        task_runner.learn(facts)
        return task_runner.run(task, lambda epoch, score: None, lambda: False)


def _release_on_cluster(dataset: DatasetVariant, config: RunnerConfig) -> None:
    """Drop a dataset's data in a worker of the cluster."""
    _task_runner(config).release(dataset)
