"""Tasks on a Dask cluster whose workers see the store's folder under the same name."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cache
from typing import Any

from harness.errors import InputError, Interrupted
from harness.execution.execution import Done, Opened, Place, Watcher
from harness.execution.task_runner import RunnerConfig, Stop, TaskRunner
from harness.logs import log_to_file
from harness.planning.tasks import Task
from harness.store.record import Record

CONNECT_S = 10
"""How long the scheduler may take to answer."""


def dask(address: str, stop: Stop) -> Opened:
    """The cluster at a scheduler's ``address``, such as ``tcp://host:8786``.

    A task whose worker dies is done again by another, from its checkpoint; one that fails for other
    reasons is stored as failed.

    Raises:
        InputError: Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler needs the extra: pip install -e '.[dask]'") from None
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"--scheduler: nothing answers at {address!r} ({error})") from None

    def opened(task_runner: TaskRunner, watcher: Watcher) -> Place:
        return lambda tasks, done: _follow(client, task_runner, tasks, done, stop)

    return opened


def _follow(client: Any, task_runner: TaskRunner, tasks: list[Task], done: Done, stop: Stop) -> None:
    from distributed import as_completed

    site = replace(task_runner.site, root=task_runner.site.root.resolve())

    def send(task: Task) -> Any:
        return client.submit(_remote, task, site, pure=False, retries=1)

    sent = {send(task): task for task in tasks}
    arriving = as_completed(sent, loop=client.loop)
    for future in arriving:
        task = sent.pop(future)
        if stop():
            client.cancel(list(sent))
            raise Interrupted("stopped; tasks under way on the cluster end there and are stored")
        record = _record(future, task, task_runner)
        if record is None:  # another process did it meanwhile, or still does
            again = send(task)
            sent[again] = task
            arriving.add(again)
        else:
            done(task, record)


def _record(future: Any, task: Task, task_runner: TaskRunner) -> Record | None:
    error = future.exception()
    if error is None:
        found: Record | None = future.result()
        return found
    if not isinstance(error, Exception):
        raise error
    return task_runner.give_up(task, error)


_ONE_AT_A_TIME = threading.Lock()


@cache
def _workshop(site: RunnerConfig) -> TaskRunner:
    """A worker process's own, kept from task to task."""
    return TaskRunner(site)


def _remote(task: Task, site: RunnerConfig) -> Record | None:
    log_to_file(site.log_file)
    with _ONE_AT_A_TIME:  # RecBole and torch's thread count belong to the process
        return _workshop(site).do(task, lambda epoch, score: None, lambda: False)
