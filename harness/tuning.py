"""Tuning: Optuna suggests, validation pairs judge, and any process can take it up again.

Which values a trial tries follows from the trials before it and a seed of its own, so that a search
that was killed and resumed is the search that was never disturbed.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from harness.checkpoint import Checkpoint, Interrupted
from harness.fitting import RunFailed, Watch
from harness.material import Material
from harness.runs import Run
from harness.searches import HOUR_S, Search
from harness.space import Domain
from harness.training import try_out
from harness.writing import StoreError

REASON = "reason"
"""The attribute that tells a trial that failed from one whose process died."""

FEWEST_FOR_IMPORTANCE = 8
"""Finished trials below which no importance is told."""

STARTUP_SHARE = 4
"""A quarter of the trials, five at least, is drawn at random before TPE has seen enough."""

PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3),
    "halving": optuna.pruners.SuccessiveHalvingPruner,
}
"""By a plan's name for them; a step is a validation."""


@dataclass(frozen=True)
class Tools:
    """What a search needs beside data that holds no test pairs.

    Attributes:
        storage: Where Optuna keeps the trials.
        name: The name of Optuna's study there.
        checkpoint: Where a trial's run keeps its state.
        watch: Who follows: ``progress`` is told of every trial and its score, ``stop`` is asked.
    """

    storage: BaseStorage
    name: str
    checkpoint: Callable[[Run], Checkpoint]
    watch: Watch


@contextmanager
def open_storage(url: str | None, journal: Path) -> Iterator[BaseStorage]:
    """Optuna's storage at any URL it knows, or else a journal file of the search's own; then closed.

    Only the process that holds the search's claim may call this: what a killed one left unfinished in
    the journal is cut off.

    Raises:
        StoreError: Nothing answers at the URL.
    """
    if url is None:
        journal.parent.mkdir(parents=True, exist_ok=True)
        _mend(journal)
        yield JournalStorage(JournalFileBackend(str(journal)))
        return
    try:
        storage = RDBStorage(url)
    except Exception as error:  # whatever SQLAlchemy or the driver raises; the URL may hold a password
        reason = str(error).split("\n")[0].replace(url, "the URL")
        raise StoreError(f"--storage: cannot be opened ({type(error).__name__}: {reason})") from None
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _mend(journal: Path) -> None:
    """Remove a dead writer's lock and half-written last line."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists():
        whole = journal.read_bytes()
        kept = whole.rfind(b"\n") + 1
        if kept < len(whole):
            with journal.open("r+b") as file:
                file.truncate(kept)


def tune(search: Search, data: Material, tools: Tools) -> tuple[dict[str, Any], pd.DataFrame]:
    """Spend the search's budget; its record, and one row a trial.

    Args:
        search: What is searched.
        data: Material without test pairs (``Material.for_tuning``).
        tools: Storage, checkpoints and who follows.

    Raises:
        RunFailed: No trial finished.
        Interrupted: ``tools.watch.stop`` said so; the trial under way has a checkpoint.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=tools.storage,
        study_name=tools.name,
        direction="maximize",
        load_if_exists=True,
        pruner=PRUNERS[search.tuning.pruner](),
    )
    for dead in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(dead.number, state=TrialState.FAIL)  # this process holds the search's claim
    spent = _spent(study)
    while _has_budget(search, spent):
        if tools.watch.stop():
            raise Interrupted("stopped between two trials")
        study.sampler = _sampler(search, len(spent))
        score = _carry_out(study, search, data, tools)
        spent = _spent(study)
        tools.watch.progress(len(spent), score)
    return _record(search, study, spent), _frame(spent)


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


def _carry_out(study: optuna.Study, search: Search, data: Material, tools: Tools) -> float | None:
    """Ask for, train and judge one trial; its score, or None where it was pruned or failed."""
    trial = study.ask({name: _distribution(domain) for name, domain in search.space.items()})
    run, judge = search.trial(trial.params), _Judge(trial)
    checkpoint, started = tools.checkpoint(run), time.perf_counter()
    score, state = None, TrialState.COMPLETE
    watch = Watch(judge.progress, judge.validated, checkpoint, tools.watch.stop)
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
    return score


def _spent(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count; those that died unfinished do not."""
    finished = (TrialState.COMPLETE, TrialState.PRUNED)
    every = study.get_trials(deepcopy=False)
    return [each for each in every if each.state in finished or REASON in each.user_attrs]


def _has_budget(search: Search, spent: list[FrozenTrial]) -> bool:
    """Whether another trial may begin; the released defaults always may."""
    hours = search.tuning.hours
    in_time = hours is None or sum(each.user_attrs["seconds_s"] for each in spent) < hours * HOUR_S
    return len(spent) < search.trials and (in_time or not spent)


class _Given(optuna.samplers.BaseSampler):
    """Suggests values that are known beforehand."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, Any]:
        return {}

    def sample_relative(self, study: optuna.Study, trial: FrozenTrial, search_space: Any) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, name: str, distribution: Any
    ) -> Any:
        return self.values[name]


def _sampler(search: Search, number: int) -> optuna.samplers.BaseSampler:
    """What suggests the values of trial ``number``: the released defaults first."""
    start = {name: domain.nearest(search.settings[name]) for name, domain in search.space.items()}
    if number == 0:
        return _Given(start)
    if search.tuning.sampler == "grid":
        cells = itertools.product(*(domain.choices for domain in search.space.values()))
        others = [cell for cell in cells if cell != tuple(start.values())]
        order = np.random.default_rng(search.seed(0)).permutation(len(others))
        return _Given(dict(zip(search.space, others[order[number - 1]], strict=True)))
    if search.tuning.sampler == "random":
        return optuna.samplers.RandomSampler(seed=search.seed(number))
    startup = max(5, search.trials // STARTUP_SHARE)
    return optuna.samplers.TPESampler(seed=search.seed(number), n_startup_trials=startup)


def _distribution(domain: Domain) -> BaseDistribution:
    if domain.choices:
        return CategoricalDistribution(domain.choices)
    if domain.whole:
        return IntDistribution(int(domain.low), int(domain.high), log=domain.log)
    return FloatDistribution(domain.low, domain.high, log=domain.log)


def _record(search: Search, study: optuna.Study, spent: list[FrozenTrial]) -> dict[str, Any]:
    """What a report says of a search.

    Raises:
        RunFailed: No trial finished.
    """
    states = Counter(each.state.name for each in spent)
    if not states["COMPLETE"]:
        reasons = {each.user_attrs.get(REASON, "pruned") for each in spent}
        raise RunFailed(f"none of {len(spent)} trials finished ({'; '.join(sorted(reasons))})")
    best = study.best_trial
    return {
        "best": best.params,
        "best_trial": [each.number for each in spent].index(best.number),
        "valid": best.value,
        "valid_before": spent[0].value,
        "budget": search.trials,
        "trials": {name.lower(): states[name] for name in ("COMPLETE", "PRUNED", "FAIL")},
        "epochs": sum(each.user_attrs["epochs"] for each in spent),
        "seconds_s": sum(each.user_attrs["seconds_s"] for each in spent),
        "importance": _importance(search, study),
    }


def _importance(search: Search, study: optuna.Study) -> dict[str, float]:
    """Share of the score's variance that each hyper-parameter explains, by fANOVA; empty for a few trials."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < FEWEST_FOR_IMPORTANCE or len({each.value for each in complete}) == 1:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=search.seed(0))
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def _frame(spent: list[FrozenTrial]) -> pd.DataFrame:
    """One row a trial that counts: number, state, score, epochs, seconds_s, reason and its values."""
    return pd.DataFrame(
        [
            {
                "trial": number,
                "state": each.state.name.lower(),
                "score": each.value,
                "reason": "",
                **each.user_attrs,
                **each.params,
            }
            for number, each in enumerate(spent)
        ]
    )
