"""Tuning: Optuna suggests, validation pairs judge, and any process can take it up again.

Which values a trial tries follows from the trials before it and a seed of its own, so that a search
that was killed and resumed is the search that was never disturbed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from harness.errors import Interrupted, RunFailed
from harness.planning.parts import HOUR_S
from harness.planning.tasks import Run, Search
from harness.store import layout
from harness.store.checkpoint import Checkpoint
from harness.store.columns import REASON
from harness.store.store import Store
from harness.training.loop import Watch
from harness.training.prepared_data import PreparedData
from harness.training.run import try_out
from harness.training.tuning.search_record import frame, record
from harness.training.tuning.suggestions import distribution, sampler

logger = logging.getLogger(__name__)

PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3),
    "halving": optuna.pruners.SuccessiveHalvingPruner,
}
"""By a plan's name for them; a step is a validation."""


@dataclass(frozen=True)
class SearchContext:
    """What a search needs beside its data. Nothing here leads to the dataset, which holds test pairs.

    Attributes:
        storage: Optuna's storage, which keeps the trials.
        identity: The search's identity, which is also the name of Optuna's study in ``storage``.
        checksum: The dataset's checksum, from which the identity of a trial's run is computed.
        store: The store that keeps the checkpoints of trials.
        watch: Who follows: ``progress`` is told of every trial and its score, ``stop`` is asked.
    """

    storage: BaseStorage
    identity: str
    checksum: str
    store: Store
    watch: Watch

    def checkpoint(self, run: Run) -> Checkpoint:
        """The checkpoint of a trial's run."""
        return self.store.checkpoint(layout.trial_name(self.identity, run.identity(self.checksum)))


def tune(search: Search, data: PreparedData, context: SearchContext) -> tuple[dict[str, Any], pd.DataFrame]:
    """Spend the search's budget; its record, and one row a trial.

    Args:
        search: What is searched.
        data: PreparedData without test pairs (``PreparedData.for_tuning``).
        context: Storage, checkpoints and who follows.

    Raises:
        RunFailed: No trial finished.
        Interrupted: ``context.watch.stop`` said so; the trial under way has a checkpoint.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=context.storage,
        study_name=context.identity,
        direction="maximize",
        load_if_exists=True,
        pruner=PRUNERS[search.tuning.pruner](),
    )
    for dead in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(dead.number, state=TrialState.FAIL)  # this process holds the search's claim
    spent = _spent(study)
    while _has_budget(search, spent):
        if context.watch.stop():
            raise Interrupted("stopped between two trials")
        study.sampler = sampler(search, len(spent))
        score = _carry_out(study, search, data, context)
        spent = _spent(study)
        context.watch.progress(len(spent), score)
    return record(search, study, spent), frame(search, spent)


class _Judge:
    """Tells the pruner every validation once, those before a resumption too."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial, self.told, self.epochs = trial, 0, 0

    def progress(self, epoch: int, score: float | None) -> None:
        """Counts the trial's epochs."""
        self.epochs = epoch

    def validated(self, scores: list[float]) -> None:
        """Ends the trial if the pruner says so."""
        for step in range(self.told, len(scores)):
            self.trial.report(scores[step], step)
        self.told = len(scores)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def _carry_out(
    study: optuna.Study, search: Search, data: PreparedData, context: SearchContext
) -> float | None:
    """Ask for, train and judge one trial; its score, or None where it was pruned or failed."""
    trial = study.ask({name: distribution(domain) for name, domain in search.space.items()})
    run, judge = search.trial(trial.params), _Judge(trial)
    checkpoint, started = context.checkpoint(run), time.perf_counter()
    score, state = None, TrialState.COMPLETE
    logger.debug("Trial %d of %s begins with %s.", trial.number + 1, search.title, trial.params)
    watch = Watch(judge.progress, judge.validated, checkpoint, context.watch.stop)
    try:
        history = try_out(run, data, watch)
        score = history["valid"][search.training.metric]
    except optuna.TrialPruned:
        state = TrialState.PRUNED
    except RunFailed as error:
        state = TrialState.FAIL
        trial.set_user_attr(REASON, str(error))
    trial.set_user_attr("epochs", judge.epochs)
    trial.set_user_attr("seconds_s", time.perf_counter() - started)
    study.tell(trial, score, state)
    checkpoint.remove()
    logger.debug("Trial %d of %s ends as %s.", trial.number + 1, search.title, state.name)
    return score


def _spent(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count; those whose process died have neither ended nor a reason, and do not."""
    finished = (TrialState.COMPLETE, TrialState.PRUNED)
    every = study.get_trials(deepcopy=False)
    return [each for each in every if each.state in finished or REASON in each.user_attrs]


def _has_budget(search: Search, spent: list[FrozenTrial]) -> bool:
    """Whether another trial may begin; the released defaults always may."""
    hours = search.tuning.hours
    in_time = hours is None or sum(each.user_attrs["seconds_s"] for each in spent) < hours * HOUR_S
    return len(spent) < search.trials and (in_time or not spent)
