"""What the missing tasks of a plan would cost: hours from one measured step, memory from sizes alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice

import numpy as np
import pandas as pd
import torch

from harness.execution.task_runner import RunnerConfig, TaskRunner
from harness.planning.parts import HOUR_S
from harness.planning.plan import Plan
from harness.planning.run_status import StoreIndex
from harness.planning.runs import expand
from harness.planning.searches import planned, searches
from harness.planning.tasks import Run, Search, Skipped, Task
from harness.store.store import Store
from harness.store.temporary import temporary_folder
from harness.systems.assembly import assemble
from harness.training.loop import Callbacks, validation_score
from harness.training.memory import needed_bytes
from harness.training.negative_sampling import PairSampler
from harness.training.prepared_data import PreparedData
from harness.training.run import try_out
from harness.training.timing import compare, repeatable
from models.core import Batch, System
from models.products import product

COLUMNS = ("dataset", "system", "stored", "missing", "step_s", "hours", "bytes")
"""The columns of an estimate.

``stored`` and ``missing`` are numbers of tasks: the runs and, if the plan tunes, one search. ``step_s`` is
the time of a training step in seconds, and NaN for a system in closed form. ``hours`` is what the missing
tasks take in one process if no training stops early. ``bytes`` is the peak memory of one run.
"""


def estimate(plan: Plan, config: RunnerConfig, accepts: Callable[[str], bool]) -> pd.DataFrame:
    """Estimate what the missing tasks of each system cost on each dataset. The store is not changed.

    Args:
        plan: The plan.
        config: The store, and what else every process must know.
        accepts: Says by a system's name in tables whether it is estimated.

    Returns:
        The columns COLUMNS, one row for each dataset and system.

    Raises:
        InputError: A dataset cannot be read.
    """
    index = StoreIndex(plan, Store(config.root))
    tasks_by_system: dict[tuple[str, str], list[Task]] = {}
    for task in _tasks(plan, index):
        if accepts(task.name):
            tasks_by_system.setdefault((task.dataset.name, task.name), []).append(task)
    rows = []
    with (
        temporary_folder() as folder,
        replace(config, root=folder).open() as task_runner,
    ):
        for (dataset, system), tasks in tasks_by_system.items():
            missing = [task for task in tasks if index.identity(task) is None]
            counts = {"stored": len(tasks) - len(missing), "missing": len(missing)}
            rows.append({"dataset": dataset, "system": system, **counts, **_cost(missing, task_runner)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _tasks(plan: Plan, index: StoreIndex) -> Iterator[Task]:
    """All searches and all runs. A run that is not tuned yet has its values from before tuning."""
    if plan.tuning:
        yield from {(search.dataset.name, search.name): search for _, search in searches(plan)}.values()
        tuned = {_key(run): run for run in planned(plan, index.record) if isinstance(run, Run)}
        yield from (tuned.get(_key(run), run) for run, _ in searches(plan))
        yield from (run for run in tuned.values() if run.system.is_external)
    else:
        yield from (run for run in expand(plan) if not isinstance(run, Skipped))


def _key(run: Run) -> tuple[str, str, int]:
    """Names a run, whatever the values of its hyper-parameters."""
    return run.dataset.name, run.name, run.repetition


def _cost(missing: list[Task], task_runner: TaskRunner) -> dict[str, float]:
    """The columns ``step_s``, ``hours`` and ``bytes`` of the tasks that one system lacks on one dataset."""
    if not missing:
        return {"step_s": np.nan, "hours": 0.0, "bytes": np.nan}
    task = missing[0]
    data = task_runner.data(task.dataset)
    run = task.trial({}) if isinstance(task, Search) else task
    assert isinstance(run, Run)
    if run.system.is_external:
        return {"step_s": np.nan, "hours": 0.0, "bytes": float(needed_bytes(run.system, {}, data.sizes))}
    torch.set_num_threads(run.training.threads)
    measure = _measure_training if run.system.is_assembled else _measure_fit
    step_s, epoch_s, fit_s = measure(run, data)
    seconds = 0.0
    for task in missing:
        trainings = task.trials if isinstance(task, Search) else 1
        seconds += trainings * (fit_s + task.training.epochs * epoch_s)
    needed = needed_bytes(run.system, run.settings, data.sizes)
    return {"step_s": step_s, "hours": seconds / HOUR_S, "bytes": float(needed)}


def _measure_fit(run: Run, data: PreparedData) -> tuple[float, float, float]:
    """The seconds of a step (NaN), of an epoch and of all else, for a system that we do not assemble.

    A system that is fitted has no epochs. A model that RecBole trains is trained for one epoch, and each
    epoch counts with its validation.
    """
    beginnings: list[float] = []

    def note_beginning() -> bool:
        beginnings.append(time.perf_counter())
        return False

    callbacks = Callbacks(should_stop=note_beginning)
    one_epoch = replace(run, training=run.training.model_copy(update={"epochs": 1}))
    started = time.perf_counter()
    try_out(one_epoch, data.for_tuning(), callbacks)
    ended = time.perf_counter()
    if run.system.is_fitted:
        return np.nan, 0.0, ended - started
    return np.nan, ended - beginnings[0], beginnings[0] - started


def _measure_training(run: Run, data: PreparedData) -> tuple[float, float, float]:
    """The seconds of a step, of an epoch with its share of validations, and of all else (0)."""
    plan, graph = run.training, data.graph()
    text = data.text() if run.system.needs_text else None
    torch.manual_seed(run.seed("init"))
    system = assemble(run.system, run.settings, graph, text)
    sampler = PairSampler(data.dataset.train, graph.items, plan.batch_size, run.seed("batches"))
    arrays = islice(sampler, 2)
    batches = cycle([Batch(*(torch.from_numpy(array.copy()) for array in batch)) for batch in arrays])
    step_s = compare([repeatable(system, batches, fused=True)], repeats=1)[0]
    validation_s = compare([lambda: _validate(system, data, run)], repeats=1)[0]
    return step_s, len(sampler) * step_s + validation_s / plan.eval_every, 0.0


def _validate(system: System, data: PreparedData, run: Run) -> float:
    users, items = system.embeddings()
    return validation_score(
        lambda block: product(users[block], items), data.validation(run), run.training.metric
    )
