"""The searches of a tuned plan, one for each system and dataset, and the runs that take their best values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.planning.expansion import SystemVariant, system_variants
from harness.planning.parts import SystemPlan, TuningPlan
from harness.planning.plan import Plan, domains
from harness.planning.runs import expand, repetitions
from harness.planning.tasks import Run, Search, Skipped, Untuned
from harness.store.record import SearchRecord
from harness.systems.settings import settings

Record = Callable[[Search], SearchRecord | None]
"""What the store holds of a search. None if the search is not done."""


def searches(plan: Plan) -> Iterator[tuple[Run, Search]]:
    """Every run with the search that it waits for. Repetitions of a run share one search."""
    assert plan.tuning is not None
    for dataset in plan.variants:
        for variant in system_variants(plan):
            if not isinstance(variant, SystemVariant) or not isinstance(variant.entry, SystemPlan):
                continue  # what was trained elsewhere is not tuned
            search = None
            for run in repetitions(plan, dataset, variant):
                if isinstance(run, Run):
                    search = search or _search(plan, plan.tuning, run, variant.entry)
                    yield run, search


def planned(plan: Plan, record: Record) -> Iterator[Run | Untuned | Skipped]:
    """Every run of the plan, with the best values of its search if the plan tunes, and what is skipped."""
    if plan.tuning is None:
        yield from expand(plan)
        return
    yield from (task for task in expand(plan) if isinstance(task, Skipped) or task.system.is_external)
    for run, search in searches(plan):
        yield tuned(run, record(search))


def tuned(run: Run, record: SearchRecord | None) -> Run | Untuned:
    """The run with the best values of its search, or why there are none."""
    if record is None:
        return Untuned(run, False, "not tuned yet")
    if record.status == "failed":
        return Untuned(run, True, f"its tuning failed: {record.reason}")
    kept = {name: run.settings[name] for name in run.varied} | run.system.zeros
    return replace(run, settings={**run.settings, **record.best, **kept})


def _search(plan: Plan, tuning: TuningPlan, run: Run, entry: SystemPlan) -> Search:
    """The run's own search, or the full system's if ablations and text controls take its values."""
    spec, values = run.system, run.settings
    if tuning.ablations == "full":
        spec = replace(spec, ablated=(), text=None)
        entry = entry.model_copy(update={"system": spec})
        values = settings(spec, entry.hyper, run.dataset.released)
    return Search(
        dataset=run.dataset,
        system=spec,
        settings=values,
        space=domains(tuning, entry, values),
        tuning=tuning,
        base_seed=plan.seed,
        training=run.training.model_copy(
            update={"epochs": tuning.epochs or run.training.epochs, "refit": False}
        ),
        evaluation=run.evaluation,
        varied=run.varied,
    )
