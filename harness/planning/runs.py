"""The runs that a plan expands to, and the datasets and systems that do not go together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.errors import InputError
from harness.planning.datasets import DatasetVariant
from harness.planning.expansion import NotApplicable, SystemVariant, system_variants
from harness.planning.external import ExternalPlan
from harness.planning.plan import Plan
from harness.planning.tasks import Run, Skipped
from harness.systems import recbole_models
from harness.systems.settings import settings
from harness.systems.spec import SystemSpec


def expand(plan: Plan) -> Iterator[Run | Skipped]:
    """Every run of the plan, dataset by dataset, and what is skipped, with its reason."""
    for dataset in plan.variants:
        yield from runs_on(plan, dataset)


def runs_on(plan: Plan, dataset: DatasetVariant) -> Iterator[Run | Skipped]:
    """Every run of the plan on one dataset, and what is skipped there, with its reason."""
    for variant in system_variants(plan):
        yield from repetitions(plan, dataset, variant)


def repetitions(
    plan: Plan, dataset: DatasetVariant, variant: SystemVariant | NotApplicable
) -> Iterator[Run | Skipped]:
    """The repetitions of one system on one dataset, or why there are none."""
    if isinstance(variant, NotApplicable):
        yield Skipped(dataset.name, variant.system, variant.reason)
        return
    if isinstance(variant.entry, ExternalPlan):
        yield from _from_elsewhere(plan, dataset, variant.entry)
        return
    spec = variant.entry.system
    first = Run(
        dataset=dataset,
        system=spec,
        settings=settings(spec, variant.entry.hyper, dataset.released),
        repetition=0,
        base_seed=plan.seed,
        training=plan.training,
        evaluation=plan.evaluation,
        varied=variant.varied,
    )
    reason = _obstacle(spec, dataset) or _warm_start_obstacle(spec, dataset, plan)
    if reason:
        yield Skipped(dataset.name, first.name, reason)
        return
    for repetition in range(plan.repetitions):
        yield replace(first, repetition=repetition)


def _from_elsewhere(plan: Plan, dataset: DatasetVariant, entry: ExternalPlan) -> Iterator[Run | Skipped]:
    """A run for each file that a system from elsewhere has for a dataset, or the reason why there is none."""
    files = entry.files_of(dataset.name)
    if not files:
        yield Skipped(dataset.name, entry.name, entry.without_files(dataset.name))
    if entry.seedless and len(files) > 1:
        raise InputError(
            f"{entry.name}: {len(files)} files for the dataset {dataset.name}, and `seedless: true` says "
            "that another training would give the same; expected one file, or no `seedless`"
        )
    for repetition, own in enumerate(files):
        yield Run(
            dataset=dataset,
            system=replace(entry.system, files=own),
            settings=entry.settings,
            repetition=repetition,
            base_seed=plan.seed,
            training=plan.training,
            evaluation=plan.evaluation,
        )


def _obstacle(spec: SystemSpec, dataset: DatasetVariant) -> str:
    """Why a system cannot run on a dataset. Empty if it can."""
    if spec.is_recbole and (missing := recbole_models.models()[spec.backbone].missing_packages):
        return f"needs the packages {', '.join(missing)}; type `pip install -e '.[recbole]'`"
    if spec.depends_on_text and not dataset.has_text:
        return "needs text, and the dataset has none"
    cold = dataset.split.cold
    if cold and cold not in spec.ranks_cold:
        return f"cannot rank {cold} that it was not trained with"
    return ""


def _warm_start_obstacle(spec: SystemSpec, dataset: DatasetVariant, plan: Plan) -> str:
    """Why a system cannot start warm on a dataset. Empty if it can, or if it does not start warm."""
    if not spec.start:
        return ""
    if not dataset.split.window:
        return "starts warm, and the dataset is not a window of time"
    if spec.capacity:
        return "starts warm, and its width differs from window to window"
    if spec.needs_text and not dataset.text.one_by_one:
        return "starts warm, and this encoder gives the rows of text other axes in every window"
    before = dataset.window_before
    if before and before.name not in [variant.name for variant in plan.variants]:
        return f"starts warm, and the plan lacks {before.name}"
    return ""
