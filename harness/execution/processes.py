"""Tasks in several local processes that share one store; a process that dies is replaced."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from harness.errors import Interrupted, RunFailed
from harness.execution.execution import POLL_S, Done, Opened, Place, Watcher
from harness.execution.task_runner import RunnerConfig, Stop, TaskRunner
from harness.logs import log_to_file
from harness.planning.tasks import Task
from harness.store.record import Record

logger = logging.getLogger(__name__)

TRIES = 2
"""A task whose process dies is done once more, from its checkpoint, and then reported."""


def processes(count: int, stop: Stop) -> Opened:
    """``count`` processes beside this one."""

    def opened(task_runner: TaskRunner, watcher: Watcher) -> Place:
        return Team(task_runner, count, stop).work

    return opened


@dataclass
class Worker:
    """A process, the line to it, the GPU it has, if any, and the task it is at."""

    process: Any
    line: Connection
    device: int | None
    task: Task | None = None


class Team:
    """Hands tasks to workers, one at a time each."""

    def __init__(self, task_runner: TaskRunner, count: int, stop: Stop) -> None:
        """Workers start when there is work."""
        self.task_runner, self.count, self.stop = task_runner, count, stop
        self.deaths: dict[str, int] = {}
        self.context = multiprocessing.get_context("spawn")

    def work(self, tasks: list[Task], done: Done) -> None:
        """Do tasks; ``done`` is told of each with its record.

        Raises:
            Interrupted: Somebody asked to stop; every worker has saved its run.
        """
        waiting = list(reversed(tasks))
        with self._hired(min(self.count, len(tasks))) as workers:
            while (waiting and not self.stop()) or any(worker.task for worker in workers):
                for worker in workers:
                    if worker.task is None and waiting and not self.stop():
                        self._hand(worker, waiting.pop())
                for worker in self._ready(workers):
                    task = worker.task
                    assert task is not None
                    record = self._answer(worker, task)
                    if record is not None:
                        done(task, record)
                    elif not self.stop():
                        waiting.append(task)
        if self.stop():
            raise Interrupted("the workers were stopped")

    def _hand(self, worker: Worker, task: Task) -> None:
        worker.task = task
        try:
            worker.line.send(task)
        except OSError:  # it died with nothing to do
            self._replace(worker)
            worker.line.send(task)

    def _ready(self, workers: list[Worker]) -> list[Worker]:
        """Workers that answered or died, within half a second; the others are told of a stop."""
        busy = [worker for worker in workers if worker.task is not None]
        lines = {worker.line: worker for worker in busy}
        found = wait(list(lines), timeout=0.5)
        if self.stop():
            for worker in busy:
                worker.process.terminate()  # its handler ends the epoch first
        return [lines[line] for line in found if isinstance(line, Connection)]

    def _answer(self, worker: Worker, task: Task) -> Record | None:
        """The record of the worker's task; None if it is to be done again."""
        worker.task = None
        try:
            status, answer = worker.line.recv()
        except (EOFError, ConnectionResetError):
            return self._after_death(worker, task)
        if status == "error":
            raise answer
        answered: Record | None = answer if status == "record" else None
        return answered

    def _after_death(self, worker: Worker, task: Task) -> Record | None:
        worker.process.join()
        code = worker.process.exitcode
        identity = self.task_runner.identity(task)
        self.deaths[identity] = self.deaths.get(identity, 0) + 1
        self._replace(worker)
        logger.info("The process of the task %s died with exit code %s.", task.title, code)
        if self.deaths[identity] < TRIES or identity in self.task_runner.store:
            return None
        error = RunFailed(f"its process died {TRIES} times, last with exit code {code}")
        return self.task_runner.give_up(task, error)

    def _replace(self, worker: Worker) -> None:
        fresh = self._hire(worker.device)
        worker.process, worker.line = fresh.process, fresh.line

    def _hire(self, device: int | None) -> Worker:
        mine, theirs = self.context.Pipe()
        arguments = (theirs, self.task_runner.site, device)
        process = self.context.Process(target=serve, args=arguments, daemon=True)
        before = signal.pthread_sigmask(
            signal.SIG_BLOCK, {signal.SIGINT}
        )  # a worker inherits it from its start
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        return Worker(process, mine, device)

    @contextmanager
    def _hired(self, count: int) -> Iterator[list[Worker]]:
        workers = [self._hire(device_of(place)) for place in range(count)]
        try:
            yield workers
        finally:
            for worker in workers:
                worker.line.close()  # a worker without a line goes home
                worker.process.join(timeout=60)


def device_of(place: int) -> int | None:
    """The GPU of the worker at a ``place``, round and round; None where there is none."""
    devices = torch.cuda.device_count()
    return place % devices if devices else None


def serve(line: Connection, site: RunnerConfig, device: int | None) -> None:
    """A worker's life: take a task, do it, answer; until the line is closed."""
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(device)  # before anything asks what there is
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the parent passes it on
    log_to_file(site.log_file)
    with site.open() as task_runner:
        while True:
            try:
                task = line.recv()
            except EOFError:
                return
            line.send(_do(task_runner, task, lambda: bool(stopped)))


def _do(task_runner: TaskRunner, task: Task, stop: Stop) -> tuple[str, Any]:
    try:
        record = task_runner.do(task, lambda epoch, score: None, stop)
    except Interrupted:
        return "stopped", None
    except Exception as error:
        return "error", error
    if record is None:
        time.sleep(POLL_S)
        return "elsewhere", None
    return "record", record
