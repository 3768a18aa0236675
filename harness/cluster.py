"""Runs on a Dask cluster whose workers see the store's folder under the same name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from harness import InputError
from harness.checkpoint import Interrupted
from harness.execution import Place, Watcher, Workshop, failure
from harness.plan import Run
from harness.provenance import describe
from harness.store import Store

CONNECT_S = 10
"""How long the scheduler may take to answer."""


def dask(address: str, stop: Callable[[], bool]) -> Callable[[Workshop, Watcher], Place]:
    """The cluster at a scheduler's ``address``, such as ``tcp://host:8786``.

    A run whose worker dies is done again by another, from its checkpoint; one that fails for other
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

    def place(workshop: Workshop, watcher: Watcher) -> Place:
        def work(runs: list[Run], done: Callable[[Run, dict[str, Any]], None]) -> None:
            with client:
                _follow(client, workshop, runs, done, stop)

        return work

    return place


def _follow(client: Any, workshop: Workshop, runs: list[Run], done: Any, stop: Callable[[], bool]) -> None:
    from distributed import as_completed

    def send(run: Run) -> Any:
        root = str(workshop.store.root.resolve())
        return client.submit(_remote, run, root, workshop.seed, pure=False, retries=1)

    sent = {send(run): run for run in runs}
    arriving = as_completed(sent)
    for future in arriving:
        run = sent.pop(future)
        if stop():
            client.cancel(list(sent))
            raise Interrupted("stopped; runs under way on the cluster end there and are stored")
        record = _record(future, run, workshop)
        if record is None:  # another process did it meanwhile, or still does
            again = send(run)
            sent[again] = run
            arriving.add(again)
        else:
            done(run, record)


def _record(future: Any, run: Run, workshop: Workshop) -> dict[str, Any] | None:
    error = future.exception()
    if error is None:
        found: dict[str, Any] | None = future.result()
        return found
    if not isinstance(error, Exception):
        raise error
    record = describe(run) | failure(error)
    workshop.store.put(workshop.identity(run), record, None)
    return record


_ONE_AT_A_TIME = threading.Lock()


@cache
def _workshop(root: str, seed: int) -> Workshop:
    """A worker process's own, kept from task to task."""
    return Workshop(Store(Path(root)), seed)


def _remote(run: Run, root: str, seed: int) -> dict[str, Any] | None:
    with _ONE_AT_A_TIME:  # RecBole and torch's thread count belong to the process
        return _workshop(root, seed).do(run, lambda epoch, score: None, lambda: False)
