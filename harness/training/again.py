"""A stored run, done again from its record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.external.list_files import list_frame
from harness.planning.datasets import DatasetVariant
from harness.planning.parts import EvaluationPlan, TrainingPlan
from harness.planning.tasks import Run
from harness.store.record import RunRecord
from harness.systems.line import parse
from harness.training.loading import load
from harness.training.prepared_data import prepared
from harness.training.run import train


def run_of(record: RunRecord) -> Run:
    """The run that a record is of.

    Raises:
        InputError: It was stored before plans were kept with runs, or its system is not known any more.
    """
    if record.dataset_plan is None or record.base_seed is None:
        raise InputError("the run was stored before plans were kept with it; run its plan again")
    line, _, point = record.system.partition(" {")
    varied = tuple(part.partition("=")[0] for part in point.rstrip("}").split(", ")) if point else ()
    return Run(
        dataset=DatasetVariant.from_stored(record.dataset_plan, record.family),
        system=parse(line),
        settings=record.settings,
        base_seed=record.base_seed,
        training=TrainingPlan.model_validate(record.training),
        evaluation=EvaluationPlan.model_validate(record.evaluation),
        varied=varied,
        repetition=record.repetition,
    )


def lists_of(run: Run, identity: str, depth: int, cache: Path) -> pd.DataFrame:
    """The lists of a run, which is trained and tested again.

    Args:
        run: The run. It must not start from the weights of another.
        identity: Its identity in the store.
        depth: Number of items in a list.
        cache: The folder that keeps encoded texts.

    Returns:
        The lists in the form of a file.

    Raises:
        InputError: The dataset, a source file or the protocol is not the one that the run was done with.
        RunFailed: As :func:`harness.training.run.train`.
    """
    dataset, table = load(run.dataset, run.base_seed, cache)
    with prepared(dataset, table) as data:
        if run.identity(data.checksum) != identity:
            raise InputError(
                f"run {identity[:8]}: its dataset, its system or the protocol has changed since it was "
                "stored; run its plan again"
            )
        keeping = run.evaluation.model_copy(update={"lists": depth})
        outcome = train(replace(run, evaluation=keeping), data)
        assert outcome.lists is not None
        assert isinstance(data.dataset, Dataset)
        return list_frame(outcome.lists, data.dataset)
