"""What is stored of a search: its best values, what they cost, and its trials."""

from __future__ import annotations

from collections import Counter
from typing import Any

import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from harness.errors import RunFailed
from harness.planning.tasks import Search
from harness.store.columns import REASON, SCORE, STATE, TRIAL

FEWEST_FOR_IMPORTANCE = 8
"""The number of finished trials below which the importance of hyper-parameters is not computed."""


def record(search: Search, study: optuna.Study, spent: list[FrozenTrial]) -> dict[str, Any]:
    """The fields of a search's record that are measured.

    Args:
        search: The search.
        study: Optuna's study of it.
        spent: The trials that count against the budget.

    Raises:
        RunFailed: No trial finished.
    """
    states = Counter(trial.state.name for trial in spent)
    if not states["COMPLETE"]:
        reasons = {trial.user_attrs.get(REASON, "pruned") for trial in spent}
        raise RunFailed(f"none of {len(spent)} trials finished ({'; '.join(sorted(reasons))})")
    best = study.best_trial
    return {
        "best": search.values(best.params),
        "best_trial": [trial.number for trial in spent].index(best.number),
        "valid": best.value,
        "valid_before": spent[0].value,
        "budget": search.trials,
        "trials": {name.lower(): states[name] for name in ("COMPLETE", "PRUNED", "FAIL")},
        "epochs": sum(trial.user_attrs["epochs"] for trial in spent),
        "seconds_s": sum(trial.user_attrs["seconds_s"] for trial in spent),
        "cpu_s": sum(trial.user_attrs.get("cpu_s", 0.0) for trial in spent),
        "importance": _importance(search, study),
    }


def _importance(search: Search, study: optuna.Study) -> dict[str, float]:
    """The share of the score's variance that each hyper-parameter explains, by fANOVA.

    It is empty if too few trials finished, or if all scores are equal.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < FEWEST_FOR_IMPORTANCE or len({trial.value for trial in complete}) == 1:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=search.seed(0))
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def frame(search: Search, spent: list[FrozenTrial]) -> pd.DataFrame:
    """The trials that count against the budget, one row each.

    Columns: ``TRIAL`` (its number), ``STATE``, ``SCORE``, ``REASON``, ``epochs``, ``seconds_s``, ``cpu_s``,
    and the hyper-parameters by name.
    """
    return pd.DataFrame(
        [
            {
                TRIAL: number,
                STATE: trial.state.name.lower(),
                SCORE: trial.value,
                REASON: "",
                **trial.user_attrs,
                **search.values(trial.params),
            }
            for number, trial in enumerate(spent)
        ]
    )
