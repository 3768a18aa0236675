"""``intentbench run --watch``: what runs, how far it is, and when the rest may end, from the store alone."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from harness.cli.terminal import WIDTH_WITHOUT_TERMINAL, cell, console, say

EVERY_S = 5.0
"""Seconds between two looks at the store."""

ALIVE_S = 300.0
"""A run whose state was saved within this time counts as running. States are saved before every epoch."""

BARS = "▁▂▃▄▅▆▇█"
CURVE = 24
"""Validations at most that the curve of a run shows, the last ones."""


@dataclass(frozen=True)
class UnfinishedTask:
    """What the store holds of a run, or of a trial of a search, that is not finished.

    Attributes:
        title: What a reader is told of it.
        epoch: Epochs that have ended.
        epochs: Epochs at most.
        scores: Validation scores so far.
        spent_s: Seconds spent.
        saved_s: Seconds since its state was last saved.
    """

    title: str
    epoch: int
    epochs: int
    scores: tuple[float, ...]
    spent_s: float
    saved_s: float

    @property
    def is_running(self) -> bool:
        """Whether some process seems to be at it."""
        return self.saved_s < ALIVE_S


def watch(plan: Any, store: Any, chosen: Callable[[str], bool]) -> None:
    """Show what the store holds of a plan until no run is left or the reader stops it. Nothing is run.

    Where the output is no terminal, it is shown once.
    """
    from rich.console import Console
    from rich.live import Live

    if not console.is_terminal:
        Console(width=WIDTH_WITHOUT_TERMINAL).print(_picture(plan, store, chosen)[0])
        return
    with Live(console=console, auto_refresh=False) as live:
        while True:
            table, is_done = _picture(plan, store, chosen)
            live.update(table, refresh=True)
            if is_done:
                break
            time.sleep(EVERY_S)
    say("Every run of the plan has ended.")


def _picture(plan: Any, store: Any, chosen: Callable[[str], bool]) -> tuple[Any, bool]:
    """A table of what is under way with a sentence on what is left, and whether nothing is left."""
    from rich.table import Table

    from harness.planning.run_status import run_statuses

    statuses = [each for each in run_statuses(plan, store) if chosen(each.system)]
    tasks = list(_unfinished(plan, store, chosen))
    counts = Counter(each.status for each in statuses)
    table = Table(caption=cell(_left(statuses, store, tasks)), caption_justify="left")
    for heading in ("unfinished", "epochs", f"validation {plan.training.metric}", "best", "minutes", "saved"):
        table.add_column(cell(heading))
    for task in tasks:
        best = f"{max(task.scores):.4f}" if task.scores else ""
        saved = (
            f"{task.saved_s:.0f} s ago" if task.is_running else f"{task.saved_s / 60:.0f} min ago, stopped?"
        )
        minutes = f"{task.spent_s / 60:.1f}"
        row = (task.title, f"{task.epoch} of {task.epochs}", curve(task.scores), best, minutes, saved)
        table.add_row(*map(cell, row))
    return table, not counts["missing"]


def curve(scores: Sequence[float]) -> str:
    """The last scores as a row of bars, the lowest of them the lowest bar."""
    shown = scores[-CURVE:]
    if not shown:
        return ""
    low, span = min(shown), max(shown) - min(shown) or 1.0
    return "".join(BARS[round((len(BARS) - 1) * (score - low) / span)] for score in shown)


def _unfinished(plan: Any, store: Any, chosen: Callable[[str], bool]) -> Iterator[UnfinishedTask]:
    """Yield the tasks of the plan that have a saved state. A state that vanishes meanwhile is left out."""
    from harness.store.layout import CHECKPOINTS, task_of

    tasks = {identity: task for identity, task in _tasks(plan, store) if chosen(task.name)}
    now = time.time()
    for path in sorted((store.root / CHECKPOINTS).glob("*.pt")):
        task = tasks.get(task_of(path.stem.partition(".")[0]))
        if task is None:
            continue
        try:
            saved_s, state = now - path.stat().st_mtime, store.checkpoint(path.stem).load()
        except OSError:
            continue
        if state is not None:
            scores, spent_s = tuple(map(float, state["scores"])), float(state["spent_s"])
            yield UnfinishedTask(task.title, state["epoch"], task.training.epochs, scores, spent_s, saved_s)


def _tasks(plan: Any, store: Any) -> Iterator[tuple[str, Any]]:
    """Yield the runs and searches of a plan with their identities, as far as their datasets were read."""
    from harness.planning.run_status import StoreIndex
    from harness.planning.searches import planned, searches
    from harness.planning.tasks import Run

    index = StoreIndex(plan, store)
    runs = [task for task in planned(plan, index.record) if isinstance(task, Run)]
    for task in [*runs, *(search for _, search in (searches(plan) if plan.tuning else ()))]:
        if all(dataset.name in index.checksums for dataset in task.datasets):
            yield task.identity(*(index.checksums[dataset.name] for dataset in task.datasets)), task


def _left(statuses: Sequence[Any], store: Any, tasks: Sequence[UnfinishedTask]) -> str:
    """Say what has ended, what is left, and for how long at the pace of the runs that have finished."""
    from harness.cli.status import counted

    counts = Counter(each.status for each in statuses)
    text = f"{counted(counts)}."
    missing = [each for each in statuses if each.status == "missing"]
    if not missing:
        return text
    seconds = _seconds(statuses, store)
    expected = [seconds(each) for each in missing]
    if None in expected:
        return f"{text} Nothing is known yet of how long the missing runs take."
    workers = max(1, sum(task.is_running for task in tasks))
    all_s = sum(filter(None, expected))
    done_s = sum(min(task.spent_s, all_s / len(expected)) for task in tasks)
    left_s = max(0.0, all_s - done_s) / workers
    end = time.strftime("%H:%M", time.localtime(time.time() + left_s))
    pace = f"At the pace of the finished runs, {workers} at a time,"
    return f"{text} {pace} the rest takes about {left_s / 60:.1f} minutes, until {end}."


def _seconds(statuses: Sequence[Any], store: Any) -> Callable[[Any], float | None]:
    """What a run takes: the median of the finished runs of its system and dataset, its system, or all."""
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for each in statuses:
        if each.status == "finished":
            spent = store.run_record(each.identity).seconds_s
            for key in ((each.dataset, each.system), (each.system,), ()):
                groups[key].append(spent)

    def expected(status: Any) -> float | None:
        for key in ((status.dataset, status.system), (status.system,), ()):
            if key in groups:
                return median(groups[key])
        return None

    return expected
