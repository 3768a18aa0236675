"""``intentbench``, whose processes announce what they do, and wait at one epoch until they may go on.

Tests start this file in place of the command, so that they can act at a known moment: a process that has been
told to wait is killed in the middle of its run, however busy the machine is. Worker processes import the
main file of their parent, and workers of Dask preload this file, so that they announce as well.

Environment:
    ANNOUNCE_IN: A folder. Each event is a line of its file ``events``: process, word, further words.
    WAIT_AT: The epoch before which a process waits, after its checkpoint is saved, until the folder has a file
        ``go``. Without it no process waits.
"""

from __future__ import annotations

import os
import sys
import time
from functools import wraps
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # as for ``python -m``, in place of this file's folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from harness.execution import task_runner
from harness.store.checkpoint import Checkpoint

FOLDER = Path(os.environ["ANNOUNCE_IN"])
WAIT_AT = int(os.environ.get("WAIT_AT", "-1"))

PARENT = os.getppid()
"""A process whose parent is killed waits no longer: nobody would tell it to go on, and it holds the output open."""

save = getattr(Checkpoint.save, "__wrapped__", Checkpoint.save)
train = getattr(task_runner.train, "__wrapped__", task_runner.train)
"""The functions themselves: Dask loads a file twice before it starts a worker, and they are replaced by then."""


def announce(*words: object) -> None:
    """Append a line to the events."""
    with (FOLDER / "events").open("a") as events:
        events.write(" ".join(map(str, (os.getpid(), *words))) + "\n")


@wraps(save)
def announced_save(checkpoint: Checkpoint, state: Any) -> None:
    save(checkpoint, state)
    announce("saved", state["epoch"], checkpoint.path.stem)
    while state["epoch"] == WAIT_AT and not (FOLDER / "go").exists() and os.getppid() == PARENT:
        time.sleep(0.01)


@wraps(train)
def announced_train(run: Any, *rest: Any) -> Any:
    announce("trains", run.title)
    return train(run, *rest)


Checkpoint.save, task_runner.train = announced_save, announced_train  # type: ignore[method-assign]

if __name__ == "__main__":
    from harness.cli.main import app

    app()
