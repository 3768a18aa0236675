"""Gains along a sweep that removes train pairs; the users are the same at every density."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.evaluation.stats.estimate import Estimate
from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.stratified import trend_frame


def sweep_trends(samples: Mapping[float, Sample], references: Mapping[str, str]) -> pd.DataFrame:
    """Test whether a system's gain over its reference depends on the density of the train pairs.

    Trend: least-squares slope of the gain over log2 of the density. Interaction: the gain at the lowest
    density minus that at the highest. Every user and every repetition has both, so each is a mean over users
    and runs like any other, and is tested like any other.

    Args:
        samples: For each share of the train pairs the scores on one metric. Users who are missing at one
            density are left out at every density, and so are repetitions.
        references: The reference of each system; both are in every sample.

    Returns:
        The columns of ``stratified.trends``; ``slope`` is the gain per doubling of the train pairs.
    """
    shares = sorted(samples)
    doublings = np.log2(shares) - np.log2(shares).mean()
    ends = np.zeros(len(shares))
    ends[0], ends[-1] = 1.0, -1.0
    systems = list(dict.fromkeys([*references, *references.values()]))
    slopes = along([samples[share] for share in shares], systems, doublings / (doublings**2).sum())
    differences = along([samples[share] for share in shares], systems, ends)
    estimates: dict[str, dict[str, Estimate]] = {}
    for system, reference in references.items():
        both = {
            "slope": slopes.difference(system, reference),
            "interaction": differences.difference(system, reference),
        }
        estimates[system] = {test: own for test, own in both.items() if own.from_users > 0}
    return trend_frame(references, estimates)


def along(samples: list[Sample], systems: list[str], factors: np.ndarray) -> Sample:
    """The sum of samples, each times its factor [n], for every user and repetition that all samples have."""
    users = sorted(set.intersection(*(set(sample.users) for sample in samples)))
    scores = {}
    for name in systems:
        runs = min(sample.scores[name].shape[1] for sample in samples)
        parts = [sample.scores[name][sample.users.get_indexer(users), :runs] for sample in samples]
        scores[name] = np.tensordot(factors, np.stack(parts), axes=1)
    return Sample(pd.Index(users), scores, samples[0].deterministic)
