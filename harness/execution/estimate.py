"""What a plan would cost: hours from one measured step a system, memory from sizes alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice

import numpy as np
import pandas as pd
import torch

from harness.execution.task_runner import RunnerConfig, Task, TaskRunner
from harness.planning.plan import Plan
from harness.planning.run_status import StoreIndex
from harness.planning.runs import Run, Skipped, expand
from harness.planning.searches import HOUR_S, Search, planned, searches
from harness.store.store import Store
from harness.store.temporary import temporary_folder
from harness.systems.assembly import assemble
from harness.training.loop import Watch, validation_score
from harness.training.memory import needed_bytes
from harness.training.negative_sampling import PairSampler
from harness.training.prepared_data import PreparedData
from harness.training.run import try_out
from harness.training.timing import compare, repeatable
from models.core import Batch, System
from models.products import product

COLUMNS = ("dataset", "system", "stored", "missing", "step_s", "hours", "bytes")


def estimate(plan: Plan, site: RunnerConfig, only: Callable[[str], bool]) -> pd.DataFrame:
    """One row a dataset and system: COLUMNS. The store is read and left as it is.

    ``stored`` and ``missing`` count runs and, where the plan tunes, the search as one more. ``hours``
    are those of what is missing on one worker if nothing stops early; ``bytes`` is the peak of a run.

    Raises:
        InputError: A dataset cannot be read.
    """
    shelf = StoreIndex(plan, Store(site.root))
    tasks: dict[tuple[str, str], list[Task]] = {}
    for task in _tasks(plan, shelf):
        if only(task.name):
            tasks.setdefault((task.dataset.name, task.name), []).append(task)
    rows = []
    with (
        temporary_folder() as folder,
        replace(site, root=folder).open() as task_runner,
    ):
        for (dataset, system), mine in tasks.items():
            missing = [task for task in mine if shelf.identity(task) is None]
            counts = {"stored": len(mine) - len(missing), "missing": len(missing)}
            rows.append({"dataset": dataset, "system": system, **counts, **_cost(missing, task_runner)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _tasks(plan: Plan, shelf: StoreIndex) -> Iterator[Task]:
    """Searches once, then runs; those not tuned yet with their values before tuning."""
    if plan.tuning:
        yield from {(search.dataset.name, search.name): search for _, search in searches(plan)}.values()
        settled = {_key(run): run for run in planned(plan, shelf.record) if isinstance(run, Run)}
        yield from (settled.get(_key(run), run) for run, _ in searches(plan))
    else:
        yield from (run for run in expand(plan) if not isinstance(run, Skipped))


def _key(run: Run) -> tuple[str, str, int]:
    return run.dataset.name, run.name, run.repetition


def _cost(missing: list[Task], task_runner: TaskRunner) -> dict[str, float]:
    """Of the tasks that one system lacks on one dataset."""
    if not missing:
        return {"step_s": np.nan, "hours": 0.0, "bytes": np.nan}
    task = missing[0]
    data = task_runner.material(task.dataset)
    run = task.trial({}) if isinstance(task, Search) else task
    torch.set_num_threads(run.training.threads)
    step_s, epoch_s, fit_s = _fitted(run, data) if run.system.is_classic else _trained(run, data)
    seconds = 0.0
    for each in missing:
        runs = each.trials if isinstance(each, Search) else 1
        seconds += runs * (fit_s + each.training.epochs * epoch_s)
    needed = needed_bytes(run.system, run.settings, data.sizes)
    return {"step_s": step_s, "hours": seconds / HOUR_S, "bytes": float(needed)}


def _fitted(run: Run, data: PreparedData) -> tuple[float, float, float]:
    """Seconds of a step and of an epoch, which a system in closed form lacks, and of the fit."""
    started = time.perf_counter()
    try_out(run, data.for_tuning(), Watch())
    return np.nan, 0.0, time.perf_counter() - started


def _trained(run: Run, data: PreparedData) -> tuple[float, float, float]:
    """Seconds of a step, of an epoch with its share of validations, and of what comes beside them."""
    plan, graph = run.training, data.graph()
    text = data.text() if run.system.needs_text else None
    torch.manual_seed(run.seed("init"))
    system = assemble(run.system, run.settings, graph, text)
    sampler = PairSampler(data.dataset.train, graph.items, plan.batch_size, run.seed("batches"))
    batches = cycle([Batch(*(torch.from_numpy(part.copy()) for part in each)) for each in islice(sampler, 2)])
    step_s = compare([repeatable(system, batches, fused=True)], repeats=1)[0]
    validation_s = compare([lambda: _validate(system, data, plan.metric)], repeats=1)[0]
    return step_s, len(sampler) * step_s + validation_s / plan.eval_every, 0.0


def _validate(system: System, data: PreparedData, metric: str) -> float:
    users, items = system.embeddings()
    return validation_score(lambda block: product(users[block], items), data.matrices, metric)
