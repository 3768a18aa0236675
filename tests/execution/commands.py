"""Starting commands in processes of their own, waiting for what they announce, and checking what they leave."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from harness.store.store import Store
from harness.testing.world import checkerboard
from tests.worlds import ROOT, intentbench

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}

PROGRAM = ("-m", "harness.cli.main")

LONGEST_S = 600
"""A test fails if it waits longer than this for anything."""


def write_plan(folder: Path, **more: Any) -> Path:
    """A plan of eight runs of a second or less each."""
    board = checkerboard()
    rows = ["user,item,split"]
    for split in ("train", "valid", "test"):
        rows += [f"{board.users[u]},{board.items[i]},{split}" for u, i in board.pairs(split)]
    (folder / "board.csv").write_text("\n".join(rows) + "\n")
    source = {"kind": "table", "path": "board.csv", "split": "split"}
    text = {
        "name": "small",
        "repetitions": 2,
        "datasets": [{"name": "board", "source": source, "split": {"kind": "given"}}],
        "systems": ["ItemKNN", {"system": "LightGCN", "hyper": {"learning_rate": 0.02}}, "SGL", "DCCF"],
        "training": {"epochs": 30, "eval_every": 2, "patience": 20, "batch_size": 128, "metric": "recall@5"},
        "evaluation": {"metrics": ["recall"], "k": [5], "show": ["recall@5"]},
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(text | more))
    return path


def start(
    plan: Path, store: Path, *more: str, program: tuple[str, ...] = PROGRAM, **environment: str
) -> subprocess.Popen[str]:
    """Start ``intentbench run`` in a process of its own."""
    command = [sys.executable, *program, "run", str(plan), "--store", str(store), *more]
    environment = ENVIRONMENT | environment
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a command that must succeed; returns what it printed."""
    output, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, output
    return output


def until(happened: Callable[[], Any]) -> Any:
    """Wait until something has happened; returns what ``happened`` returned."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        answer = happened()
        if answer:
            return answer
        time.sleep(0.01)
    raise AssertionError("it did not happen")


class Event(NamedTuple):
    """What a process announced: its number, and the words."""

    process: int
    words: tuple[str, ...]


class Announced:
    """Commands whose processes announce what they do, and may wait at an epoch."""

    program = (str(Path(__file__).with_name("announcing.py")),)

    def __init__(self, folder: Path) -> None:
        """The commands use the new ``folder`` for their announcements."""
        folder.mkdir()
        self.folder = folder

    def environment(self, wait_at: int | None = None) -> dict[str, str]:
        waiting = {} if wait_at is None else {"WAIT_AT": str(wait_at)}
        return {"ANNOUNCE_IN": str(self.folder), **waiting}

    def start(self, plan: Path, store: Path, *more: str, wait_at: int | None = None) -> subprocess.Popen[str]:
        return start(plan, store, *more, program=self.program, **self.environment(wait_at))

    def events(self, word: str) -> list[Event]:
        """The events that begin with a word, so far."""
        path = self.folder / "events"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        events = [line.split() for line in lines if line.endswith("\n")]
        return [Event(int(process), tuple(rest)) for process, first, *rest in events if first == word]

    def wait_for_save(self, epoch: int, but_not_of: set[int] = frozenset()) -> Event:  # type: ignore[assignment]
        """Wait until a process has saved a checkpoint before an ``epoch``, counted from 0."""

        def saved() -> Event | None:
            saves = [event for event in self.events("saved") if event.words[0] == str(epoch)]
            return next((event for event in saves if event.process not in but_not_of), None)

        event: Event = until(saved)
        return event

    def go(self) -> None:
        """Let every process go on that waits."""
        (self.folder / "go").touch()


@contextmanager
def announced(folder: Path) -> Iterator[Announced]:
    """Commands that announce what they do. None of their processes waits any longer when the block ends."""
    commands = Announced(folder)
    try:
        yield commands
    finally:
        commands.go()


def leaderboard(plan: Path, store: Path) -> dict[str, bytes]:
    """The report's files without costs."""
    out = store.with_name(f"{store.name}-report")
    done = intentbench("report", plan, "--store", store, "--out", out, "--no-costs")
    assert done.exit_code == 0, done.output
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def check_whole(store: Path, tasks: int) -> None:
    """Every task is stored once and is sound, and nothing unfinished is left."""
    stored = Store(store)
    assert len(stored.identities()) == tasks
    assert all(stored.is_sound(identity) for identity in stored.identities())
    assert not list((store / "unfinished").glob("*"))
    assert not checkpoints(store)


def check_whole_after_deaths(store: Path, tasks: int) -> None:
    """As :func:`check_whole`. What a killed writer left under a temporary name is removed before."""
    intentbench("store", "gc", "--store", store)
    check_whole(store, tasks)


def checkpoints(store: Path) -> list[Path]:
    """The checkpoints of unfinished runs."""
    return list((store / "checkpoints").glob("*.pt"))


def lines_of_runs(output: str) -> list[str]:
    """The lines that a command printed when runs ended."""
    return [line for line in output.splitlines() if " repetition " in line]
