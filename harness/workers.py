"""Runs in several local processes that share one store; a process that dies is replaced."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from harness.checkpoint import Interrupted
from harness.execution import POLL_S, Place, Watcher, Workshop, failure
from harness.fitting import RunFailed
from harness.plan import Run
from harness.provenance import describe
from harness.store import Store

TRIES = 2
"""A run whose process dies is done once more, from its checkpoint, and then reported."""


def processes(count: int, stop: Callable[[], bool]) -> Callable[[Workshop, Watcher], Place]:
    """``count`` processes beside this one."""

    def place(workshop: Workshop, watcher: Watcher) -> Place:
        def work(runs: list[Run], done: Callable[[Run, dict[str, Any]], None]) -> None:
            Team(workshop, count, stop).work(runs, done)

        return work

    return place


@dataclass
class Worker:
    """A process, the line to it, and the run it is at."""

    process: Any
    line: Connection
    run: Run | None = None


class Team:
    """Hands runs to workers, one at a time each."""

    def __init__(self, workshop: Workshop, count: int, stop: Callable[[], bool]) -> None:
        """Workers start when there is work."""
        self.workshop, self.count, self.stop = workshop, count, stop
        self.deaths: dict[str, int] = {}
        self.context = multiprocessing.get_context("spawn")

    def work(self, runs: list[Run], done: Callable[[Run, dict[str, Any]], None]) -> None:
        """Do runs; ``done`` is told of each with its record.

        Raises:
            Interrupted: Somebody asked to stop; every worker has saved its run.
        """
        waiting = list(reversed(runs))
        with self._hired(min(self.count, len(runs))) as workers:
            while (waiting and not self.stop()) or any(worker.run for worker in workers):
                for worker in workers:
                    if worker.run is None and waiting and not self.stop():
                        self._hand(worker, waiting.pop())
                for worker in self._ready(workers):
                    run = worker.run
                    assert run is not None
                    record = self._answer(worker)
                    if record is not None:
                        done(run, record)
                    elif not self.stop():
                        waiting.append(run)
        if self.stop():
            raise Interrupted("the workers were stopped")

    def _hand(self, worker: Worker, run: Run) -> None:
        worker.run = run
        worker.line.send(run)

    def _ready(self, workers: list[Worker]) -> list[Worker]:
        """Workers that answered or died, within half a second; the others are told of a stop."""
        busy = [worker for worker in workers if worker.run is not None]
        lines = {worker.line: worker for worker in busy}
        found = wait(list(lines), timeout=0.5)
        if self.stop():
            for worker in busy:
                worker.process.terminate()  # its handler ends the epoch first
        return [lines[line] for line in found if isinstance(line, Connection)]

    def _answer(self, worker: Worker) -> dict[str, Any] | None:
        """The record of the worker's run; None if it is to be done again."""
        run, worker.run = worker.run, None
        assert run is not None
        try:
            status, answer = worker.line.recv()
        except (EOFError, ConnectionResetError):
            return self._after_death(worker, run)
        if status == "error":
            raise answer
        return answer if status == "record" else None

    def _after_death(self, worker: Worker, run: Run) -> dict[str, Any] | None:
        worker.process.join()
        code = worker.process.exitcode
        identity = self.workshop.identity(run)
        self.deaths[identity] = self.deaths.get(identity, 0) + 1
        fresh = self._hire()
        worker.process, worker.line = fresh.process, fresh.line
        if self.deaths[identity] < TRIES or identity in self.workshop.store:
            return None
        error = RunFailed(f"its process died {TRIES} times, last with exit code {code}")
        record = describe(run) | failure(error)
        self.workshop.store.put(identity, record, None)
        return record

    def _hire(self) -> Worker:
        mine, theirs = self.context.Pipe()
        arguments = (theirs, self.workshop.store.root, self.workshop.seed)
        process = self.context.Process(target=serve, args=arguments, daemon=True)
        process.start()
        theirs.close()
        return Worker(process, mine)

    @contextmanager
    def _hired(self, count: int) -> Iterator[list[Worker]]:
        workers = [self._hire() for _ in range(count)]
        try:
            yield workers
        finally:
            for worker in workers:
                worker.line.close()  # a worker without a line goes home
                worker.process.join(timeout=60)


def serve(line: Connection, root: Path, seed: int) -> None:
    """A worker's life: take a run, do it, answer; until the line is closed."""
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the parent passes it on
    workshop = Workshop(Store(root), seed)
    try:
        while True:
            try:
                run = line.recv()
            except EOFError:
                return
            line.send(_do(workshop, run, lambda: bool(stopped)))
    finally:
        workshop.close()


def _do(workshop: Workshop, run: Run, stop: Callable[[], bool]) -> tuple[str, Any]:
    try:
        record = workshop.do(run, lambda epoch, score: None, stop)
    except Interrupted:
        return "stopped", None
    except Exception as error:
        return "error", error
    if record is None:
        time.sleep(POLL_S)
        return "elsewhere", None
    return "record", record
