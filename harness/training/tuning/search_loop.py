"""The search for hyper-parameters: Optuna suggests values, and validation pairs judge them.

The values of a trial follow from the trials before it and from a seed of its own. So a search that was killed
and resumed, in whichever process, ends as if it had never been disturbed.
"""

from __future__ import annotations

import logging
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
from harness.training.loop import Callbacks
from harness.training.prepared_data import PreparedData
from harness.training.run import try_out
from harness.training.stopwatch import Stopwatch
from harness.training.tuning.search_record import frame, record
from harness.training.tuning.suggestions import distribution, sampler

logger = logging.getLogger(__name__)

PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3),
    "halving": optuna.pruners.SuccessiveHalvingPruner,
}
"""Makes Optuna's pruner, by the name that a plan has for it. A step of a pruner is a validation."""


@dataclass(frozen=True)
class SearchContext:
    """What a search needs beside its data. Nothing here leads to the dataset, which holds test pairs.

    Attributes:
        storage: Optuna's storage, which keeps the trials.
        identity: The search's identity, which is also the name of Optuna's study in ``storage``.
        checksum: The dataset's checksum, from which the identity of a trial's run is computed.
        store: The store that keeps the checkpoints of trials.
        callbacks: ``on_progress`` is told of every trial and its score. ``should_stop`` is asked before every
            trial and every epoch. The others are not used.
    """

    storage: BaseStorage
    identity: str
    checksum: str
    store: Store
    callbacks: Callbacks

    def checkpoint(self, run: Run) -> Checkpoint:
        """The checkpoint of a trial's run."""
        return self.store.checkpoint(layout.trial_name(self.identity, run.identity(self.checksum)))


def tune(search: Search, data: PreparedData, context: SearchContext) -> tuple[dict[str, Any], pd.DataFrame]:
    """Search for the best hyper-parameters until the budget is spent.

    Args:
        search: What is searched, and with which budget.
        data: The dataset without its test pairs, from ``PreparedData.for_tuning``.
        context: Where trials and their checkpoints are kept, and what is called meanwhile.

    Returns:
        The fields of the search's record that are measured, and the trials as a table, one row each.

    Raises:
        RunFailed: No trial finished.
        Interrupted: ``context.callbacks.should_stop`` returned true. The trial under way has a checkpoint.
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
        if context.callbacks.should_stop():
            raise Interrupted(f"The search {search.title} was interrupted between two trials.")
        study.sampler = sampler(search, len(spent))
        score = _do_trial(study, search, data, context)
        spent = _spent(study)
        context.callbacks.on_progress(len(spent), score)
    return record(search, study, spent), frame(search, spent)


class _TrialReporter:
    """Reports a trial's validation scores to Optuna, whose pruner may end the trial."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial, self.reported, self.epochs = trial, 0, 0

    def on_progress(self, epoch: int, score: float | None) -> None:
        """Counts the trial's epochs."""
        self.epochs = epoch

    def on_validation(self, scores: list[float]) -> None:
        """Reports each score once. Scores from before a resumption are reported again as well.

        Raises:
            TrialPruned: The pruner ends the trial.
        """
        for step in range(self.reported, len(scores)):
            self.trial.report(scores[step], step)
        self.reported = len(scores)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def _do_trial(
    study: optuna.Study, search: Search, data: PreparedData, context: SearchContext
) -> float | None:
    """Do one trial with values that Optuna suggests.

    Returns:
        The trial's validation score. None if the trial was pruned or failed.
    """
    trial = study.ask({name: distribution(domain) for name, domain in search.space.items()})
    run, reporter = search.trial(trial.params), _TrialReporter(trial)
    checkpoint, watch = context.checkpoint(run), Stopwatch()
    score, state = None, TrialState.COMPLETE
    logger.debug("Trial %d of %s begins with %s.", trial.number + 1, search.title, trial.params)
    callbacks = Callbacks(
        reporter.on_progress, reporter.on_validation, checkpoint, context.callbacks.should_stop
    )
    try:
        history = try_out(run, data, callbacks)
        score = history["valid"][search.training.metric]
    except optuna.TrialPruned:
        state = TrialState.PRUNED
    except RunFailed as error:
        state = TrialState.FAIL
        trial.set_user_attr(REASON, str(error))
    trial.set_user_attr("epochs", reporter.epochs)
    trial.set_user_attr("seconds_s", watch.seconds_s)
    trial.set_user_attr("cpu_s", watch.cpu_s)
    study.tell(trial, score, state)
    checkpoint.remove()
    logger.debug("Trial %d of %s ends as %s.", trial.number + 1, search.title, state.name)
    return score


def _spent(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count against the budget: those that finished, were pruned or failed.

    A trial whose process died has a state of failure too, but no reason. It does not count.
    """
    ended = (TrialState.COMPLETE, TrialState.PRUNED)
    trials = study.get_trials(deepcopy=False)
    return [trial for trial in trials if trial.state in ended or REASON in trial.user_attrs]


def _has_budget(search: Search, spent: list[FrozenTrial]) -> bool:
    """Whether another trial may begin. The first trial, which has the released defaults, always may."""
    hours = search.tuning.hours
    in_time = hours is None or sum(trial.user_attrs["seconds_s"] for trial in spent) < hours * HOUR_S
    return len(spent) < search.trials and (in_time or not spent)
