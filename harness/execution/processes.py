"""The backend that does tasks in several processes of this machine."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any

import torch

from harness.errors import Interrupted, RunFailed
from harness.execution.backends import SAVED, Result
from harness.execution.task_runner import DatasetFacts, RunnerConfig, ShouldStop, TaskRunner
from harness.logs import log_to_file
from harness.planning.datasets import DatasetVariant
from harness.planning.tasks import Task
from harness.training.memory import keep_freed_memory

logger = logging.getLogger(__name__)

TRIES = 2
"""How often a task is begun whose process dies. After the last time the task is stored as failed."""

GOODBYE_S = 60
"""How long a worker may take to end when it is no longer needed, in seconds."""


@dataclass
class Worker:
    """A process that does one task at a time.

    Attributes:
        number: Its number, from 0, among the processes that exist at the same time.
        process: The process.
        connection: Tasks go out and answers come in here. The process ends when it is closed.
        task: The task that the process is doing, if any.
        to_release: Datasets that the process has not been told to release yet. It is told between two tasks.
    """

    number: int
    process: Any
    connection: Connection
    task: Task | None = None
    to_release: list[DatasetVariant] = field(default_factory=list)


class Processes:
    """Does tasks in several processes. A process that dies is replaced, and its task is begun once more.

    Attributes:
        count: The number of processes that may do tasks at the same time. Each is started when there is a
            task for it, and stays for the tasks that come later.
    """

    interruption = SAVED

    def __init__(self, task_runner: TaskRunner, count: int = 1) -> None:
        """No process is started yet."""
        self.count = count
        self._task_runner = task_runner
        self._workers: list[Worker] = []
        self._deaths: Counter[str] = Counter()
        self._context = multiprocessing.get_context("spawn")

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes. After an error, those at work save their state first."""
        for worker in self._workers:
            worker.connection.close()
            if error is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(timeout=GOODBYE_S)

    def has_room(self) -> bool:
        """See :meth:`Backend.has_room`."""
        return len(self._busy) < self.count

    def start(self, task: Task) -> None:
        """Give a task to a process that has none."""
        idle = [worker for worker in self._workers if worker.task is None]
        worker = idle[0] if idle else self._new_worker()
        self._tell_releases(worker)
        worker.task = task
        logger.info("The task %s goes to the process %s.", task.title, worker.process.pid)
        try:
            worker.connection.send(task)
        except OSError:  # the process died while it had nothing to do
            self._forget_dead(worker)
            self.start(task)

    def collect(self, timeout_s: float) -> list[Result]:
        """See :meth:`Backend.collect`."""
        for worker in self._workers:
            if worker.task is None:
                self._tell_releases(worker)
        workers = {worker.connection: worker for worker in self._busy}
        ready = wait(list(workers), timeout=timeout_s)
        results = [self._result(workers[end]) for end in ready if isinstance(end, Connection)]
        return [result for result in results if result is not None]

    def release(self, dataset: DatasetVariant) -> None:
        """See :meth:`Backend.release`."""
        for worker in self._workers:
            worker.to_release.append(dataset)

    def interrupt(self) -> list[Result]:
        """See :meth:`Backend.interrupt`."""
        results: list[Result] = []
        for worker in self._busy:
            worker.process.terminate()  # the signal's handler lets the epoch end
        for worker in self._busy:
            assert worker.task is not None
            with suppress(EOFError, OSError):  # a process that dies now has its last epoch saved all the same
                results.append((worker.task, _record(worker.connection.recv())))
        return results

    @property
    def _busy(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.task is not None]

    def _result(self, worker: Worker) -> Result | None:
        """The result of a worker's task. None if its process died and the task was begun once more."""
        task = worker.task
        assert task is not None
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            return self._after_death(worker, task)
        worker.task = None
        return task, _record(answer)

    def _after_death(self, worker: Worker, task: Task) -> Result | None:
        code, identity = self._forget_dead(worker), self._task_runner.identity(task)
        logger.info("The process of the task %s died with exit code %s.", task.title, code)
        self._deaths[identity] += 1
        if self._deaths[identity] < TRIES or identity in self._task_runner.store:
            self.start(task)
            return None
        error = RunFailed(f"its process died {TRIES} times, last with exit code {code}")
        return task, self._task_runner.store_failure(task, error)

    def _forget_dead(self, worker: Worker) -> int | None:
        """Forget a worker whose process is dead; returns its exit code."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join()
        code: int | None = worker.process.exitcode
        return code

    def _tell_releases(self, worker: Worker) -> None:
        with suppress(OSError):  # the process died, and with it its data is gone
            while worker.to_release:
                worker.connection.send(worker.to_release.pop())

    def _new_worker(self) -> Worker:
        taken = {worker.number for worker in self._workers}
        number = min(set(range(len(taken) + 1)) - taken)
        own_end, workers_end = self._context.Pipe()
        arguments = (workers_end, self._task_runner.config, self._task_runner.facts, device_of(number))
        process = self._context.Process(target=serve, args=arguments, daemon=True)
        with _signals_held_back():
            process.start()
        workers_end.close()
        worker = Worker(number, process, own_end)
        self._workers.append(worker)
        return worker


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back in this process, and in those that it starts until :func:`serve` runs.

    A process that is still importing its modules would die of them, with a traceback.
    """
    resource_tracker.ensure_running()  # otherwise it is started inside the block, and lets them through
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


def device_of(number: int) -> int | None:
    """The GPU of the worker with a ``number`` from 0: the GPUs take turns. None without GPUs."""
    devices = torch.cuda.device_count()
    return number % devices if devices else None


def _record(answer: Any) -> Any:
    """What a worker has answered: a record, or None if its task is not done.

    Raises:
        Exception: What the worker could not deal with, such as a store that cannot be written.
    """
    if isinstance(answer, Exception):
        raise answer
    return answer


def serve(
    connection: Connection, config: RunnerConfig, facts: dict[str, DatasetFacts], device: int | None
) -> None:
    """Live as a worker: do what arrives, until the connection is closed.

    SIGTERM interrupts the task under way. SIGINT is ignored, because the terminal sends it to all
    processes at once, and the parent decides what it means.
    """
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(device)  # before torch looks for GPUs
    received: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    keep_freed_memory()
    log_to_file(config.log_file)
    with config.open(facts) as task_runner:
        do_what_arrives(connection, task_runner, lambda: bool(received))


def do_what_arrives(connection: Connection, task_runner: TaskRunner, should_stop: ShouldStop) -> None:
    """Do the tasks, and release the datasets, that arrive until the connection is closed.

    The answer to each task is its record, None if it is not done, or the exception that it raised.
    """
    while True:
        try:
            message = connection.recv()
            if isinstance(message, DatasetVariant):
                task_runner.release(message)
            else:
                connection.send(_record_or_error(task_runner, message, should_stop))
        except (EOFError, OSError):  # the parent has closed the connection, or died
            return


def _record_or_error(task_runner: TaskRunner, task: Task, should_stop: ShouldStop) -> Any:
    try:
        return task_runner.run(task, lambda epoch, score: None, should_stop)
    except Interrupted:
        return None
    except Exception as error:
        return error
