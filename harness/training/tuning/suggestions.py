"""Which values a trial tries. They follow from the trials before it and from a seed of its own."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from harness.planning.tasks import Search
from harness.systems.search_space import Domain, drawn_for

STARTUP_SHARE = 4
"""One in so many trials, but at least five, is drawn at random, because TPE learns from finished trials."""


class _FixedSampler(optuna.samplers.BaseSampler):
    """Suggests the values that it was made with."""

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


def sampler(search: Search, number: int) -> optuna.samplers.BaseSampler:
    """Optuna's sampler for the trial with a ``number`` from 0. Trial 0 has the released defaults."""
    wanted = drawn_for(search.space, search.settings)
    start = {name: domain.closest_to(wanted[name]) for name, domain in search.space.items()}
    if number == 0:
        return _FixedSampler(start)
    if search.tuning.sampler == "grid":
        cells = itertools.product(*(domain.choices for domain in search.space.values()))
        others = [cell for cell in cells if cell != tuple(start.values())]
        order = np.random.default_rng(search.seed(0)).permutation(len(others))
        return _FixedSampler(dict(zip(search.space, others[order[number - 1]], strict=True)))
    if search.tuning.sampler == "random":
        return optuna.samplers.RandomSampler(seed=search.seed(number))
    startup = max(5, search.trials // STARTUP_SHARE)
    return optuna.samplers.TPESampler(seed=search.seed(number), n_startup_trials=startup)


def distribution(domain: Domain) -> BaseDistribution:
    """The domain of a hyper-parameter in Optuna's form."""
    if domain.choices:
        return CategoricalDistribution(domain.choices)
    if domain.whole:
        return IntDistribution(int(domain.low), int(domain.high), log=domain.log)
    return FloatDistribution(domain.low, domain.high, log=domain.log)
