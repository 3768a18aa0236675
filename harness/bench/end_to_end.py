"""From the rows of a table to a leaderboard: seconds and memory of every stage, on tables of growing size."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
import yaml
from pyarrow import parquet

from harness.bench.growth import exponent
from harness.bench.peers import THREADS
from harness.bench.steps import in_process
from harness.bench.world import SEED, drawn_world
from harness.errors import InputError
from harness.execution.execution import execute
from harness.execution.task_runner import RunnerConfig
from harness.planning.plan import load_plan
from harness.planning.tasks import Task
from harness.report.document import write
from harness.store.record import Record
from harness.store.store import Store
from harness.store.temporary import temporary_folder
from harness.training.loop import Progress
from harness.training.memory import PeakMemory, keep_freed_memory
from harness.training.stopwatch import Stopwatch

SIZES = (100_000, 1_000_000, 10_000_000)
"""Pairs of the tables."""

PAIRS_OF_USER, PAIRS_OF_ITEM = 20, 100
"""Mean numbers of pairs of a user and of an item."""

STEPS = 100
"""A batch holds this fraction of the pairs, so that an epoch has as many steps at every size."""

TESTED_USERS = 10_000
"""A test of half a million users with a hundred thousand items would take twenty minutes of the processor."""

EPOCHS = 2

CAPTION = (
    f"A validation or a test takes {TESTED_USERS:,} users, drawn at random, or all if there are fewer. A "
    f"batch holds one of {STEPS} parts of the pairs at every size. Writing the table does not count."
)
"""What a reader of the table must know."""

READ, REPORT, WHOLE = "read, check and split", "report", "whole"
"""Names of stages; the others are named after the systems."""


def measure(pairs: int, tell: Callable[[str], None]) -> pd.DataFrame:
    """Measure all stages on a drawn table.

    The table is written, the plan is run, and the report is made in a process each. Writing the table does
    not count.

    Args:
        pairs: Rows of the table.
        tell: Receives one line about every stage.

    Returns:
        One row per stage and one for the whole: ``pairs``, ``users``, ``items``, ``stage``, ``seconds``,
        ``cpu_s`` (those on the processor, of all threads), ``peak_bytes``, ``threads`` and ``instructions``.
    """
    with temporary_folder() as path:
        folder = str(path)
        sizes = in_process("write-table", folder, pairs)
        stages = [
            *in_process("run-plan", folder, threads=THREADS),
            *in_process("report-plan", folder, threads=THREADS),
        ]
    whole = {name: sum(stage[name] for stage in stages) for name in ("seconds", "cpu_s")}
    stages.append({"stage": WHOLE, **whole, "peak_bytes": max(stage["peak_bytes"] for stage in stages)})
    for stage in stages:
        tell(f"{pairs:,} pairs, {stage['stage']}: {stage['seconds']:.1f} s")
    instructions = torch.backends.cpu.get_cpu_capability()
    machine = {"threads": THREADS, "instructions": instructions}
    return pd.DataFrame([{"pairs": pairs, **sizes, **stage, **machine} for stage in stages])


def with_exponents(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the column ``exponent``: that of a stage's seconds in the number of pairs, over all sizes."""
    by_stage = {
        stage: exponent(of_stage.rename(columns={"pairs": "edges"}))
        for stage, of_stage in rows.groupby("stage")
    }
    return rows.assign(exponent=rows["stage"].map(by_stage))


def write_table(folder: str, pairs: int) -> dict[str, int]:
    """Write a drawn table and a plan for it into a folder; return the numbers of ``users`` and ``items``."""
    users, items = pairs // PAIRS_OF_USER, pairs // PAIRS_OF_ITEM
    drawn = drawn_world("drawn", users, items, pairs, held_out=0).train
    shuffled = np.random.default_rng(SEED).permutation(drawn)
    user, item = (pa.array(column).cast(pa.string()) for column in shuffled.T)
    parquet.write_table(pa.table({"user": user, "item": item}), Path(folder) / "pairs.parquet")
    plan = {
        "name": "end-to-end",
        "repetitions": 1,
        "datasets": [{"name": "drawn", "source": {"kind": "table", "path": "pairs.parquet"}}],
        "systems": ["LightGCN", "MostPop"],
        "training": {
            "epochs": EPOCHS,
            "eval_every": 1,
            "batch_size": max(1, pairs // STEPS),
            "threads": THREADS,
        },
        "evaluation": {"users": TESTED_USERS},
    }
    (Path(folder) / "plan.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    return {"users": users, "items": items}


def run_plan(folder: str) -> list[dict[str, Any]]:
    """Run the plan of a folder as ``intentbench run`` does, in this process; return its stages."""
    keep_freed_memory()
    stages, plan = Stages(), load_plan(Path(folder) / "plan.yaml")
    stages.begin(READ)
    execute(
        plan, RunnerConfig(Path(folder) / "store", plan.seed), lambda name: True, stages, lambda: False, 1
    )
    return stages.rows


def report_plan(folder: str) -> list[dict[str, Any]]:
    """Write the report of the plan of a folder as ``intentbench report`` does; return its one stage."""
    stages = Stages()
    stages.begin(REPORT)
    write(load_plan(Path(folder) / "plan.yaml"), Store(Path(folder) / "store"), Path(folder) / "report")
    stages.end()
    return stages.rows


class Stages:
    """Measures the stages of a plan's runs, of which it is told as an observer.

    Attributes:
        rows: The stages that have ended: ``stage``, ``seconds``, ``cpu_s`` and ``peak_bytes`` of the process.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._stage = ExitStack()

    def begin(self, stage: str) -> None:
        """End the stage before, and begin another."""
        self.end()
        watch, memory = Stopwatch(), self._stage.enter_context(PeakMemory())

        def keep() -> None:
            seconds = {"seconds": watch.seconds_s, "cpu_s": watch.cpu_s}
            self.rows.append({"stage": stage, **seconds, "peak_bytes": memory.peak_bytes})

        self._stage.callback(keep)

    def end(self) -> None:
        """End the stage, if one has begun."""
        self._stage.close()

    def expect(self, tasks: int) -> None:
        """The data has been read."""
        self.end()

    def already_stored(self, task: Task) -> None:
        """Does nothing, since the store is new."""

    def damaged(self, title: str, moved_to: Path) -> None:
        """Does nothing, since the store is new."""

    def started(self, task: Task) -> Progress:
        """A run begins. A system that is trained is tested after the validation of its last epoch."""
        trained = not task.system.is_fitted
        self.begin(f"{task.name}: {EPOCHS} epochs" if trained else f"{task.name}: fit and test")

        def progress(epoch: int, score: float | None) -> None:
            if epoch == EPOCHS and score is not None:
                self.begin(f"{task.name}: test")

        return progress

    def ended(self, task: Task, record: Record) -> None:
        """A run is stored.

        Raises:
            InputError: It has failed.
        """
        self.end()
        if record.status == "failed":
            raise InputError(f"{task.title} failed: {record.reason}")
