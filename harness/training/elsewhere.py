"""One run of a system that was trained elsewhere: its lists or embeddings are tested like any system's."""

from __future__ import annotations

from typing import Any

from harness.data.dataset import Dataset, TuningView
from harness.evaluation.ranking import Scorer
from harness.external.request import Request
from harness.external.results import read_results
from harness.external.system import ExternalSpec
from harness.planning.plan import Plan
from harness.planning.tasks import Run
from harness.training.prepared_data import PreparedData


def scorer_from_elsewhere(run: Run, data: PreparedData) -> tuple[Scorer, dict[str, Any]]:
    """The scores that a run's files give, and the fields of its record on costs, as the plan states them.

    Raises:
        InputError: A file cannot be read, or does not have what was asked for.
    """
    assert isinstance(run.system, ExternalSpec)
    results = read_results(run.system, request_of(run, data.dataset))
    costs = {"seconds_s": "seconds", "peak_bytes": "bytes", "parameters": "parameters"}
    return results.scorer, {field: run.settings.get(name) for field, name in costs.items()}


def request_of(asking: Run | Plan, dataset: TuningView) -> Request:
    """What a run, or a plan, asks for on a dataset that has its test pairs.

    No list may hold what the other systems of the plan are trained with.
    """
    assert isinstance(dataset, Dataset)
    hides_valid = asking.evaluation.mask_validation or asking.training.refit
    evaluation, users_seed = asking.evaluation, 0
    if evaluation.users is not None:
        if isinstance(asking, Run):
            users_seed = asking.dataset.users_seed(asking.base_seed)
        else:
            (variant,) = (variant for variant in asking.variants if variant.name == dataset.name)
            users_seed = variant.users_seed(asking.seed)
    return Request(dataset, hides_valid, max(evaluation.k), evaluation.users, users_seed)
