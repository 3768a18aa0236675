"""What is kept of a search: its best values and their price, and one row a trial."""

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
"""Finished trials below which no importance is told."""


def record(search: Search, study: optuna.Study, spent: list[FrozenTrial]) -> dict[str, Any]:
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
        "best": search.values(best.params),
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


def frame(search: Search, spent: list[FrozenTrial]) -> pd.DataFrame:
    """One row a trial that counts: number, state, score, epochs, seconds_s, reason and its values."""
    return pd.DataFrame(
        [
            {
                TRIAL: number,
                STATE: each.state.name.lower(),
                SCORE: each.value,
                REASON: "",
                **each.user_attrs,
                **search.values(each.params),
            }
            for number, each in enumerate(spent)
        ]
    )
