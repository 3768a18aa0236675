"""Gains by stratum of users: a comparison in each stratum, and how the gain depends on the degree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.stats.comparison import compare_with_references, holm, with_verdicts
from harness.evaluation.stats.estimate import Estimate
from harness.evaluation.stats.sample import Sample, estimate
from harness.evaluation.stats.smallest import SmallestEffect


def by_stratum(
    sample: Sample, strata: pd.Series, references: Mapping[str, str], smallest: SmallestEffect
) -> pd.DataFrame:
    """Compare every system with its reference in each stratum of users; all strata are one family.

    Args:
        sample: The scores of all runs on one metric.
        strata: Ordered categories; index user.
        references: The reference of each system.
        smallest: Differences below it count as none.

    Returns:
        The columns of :func:`compare_in_each`.
    """
    return compare_in_each(in_strata(sample, strata), references, smallest)


def in_strata(sample: Sample, strata: pd.Series) -> dict[str, Sample]:
    """The sample of each stratum, by its label. ``strata`` holds ordered categories; index user."""
    labels = strata.reindex(sample.users)
    return {label: sample.among((labels == label).to_numpy()) for label in labels.cat.categories}


def compare_in_each(
    samples: Mapping[str, Sample], references: Mapping[str, str], smallest: SmallestEffect
) -> pd.DataFrame:
    """Compare every system with its reference in each sample; all samples are one family.

    Args:
        samples: The scores in each stratum.
        references: The reference of each system.
        smallest: Differences below it count as none.

    Returns:
        ``stratum``, ``users`` (how many), the columns of ``comparison.compare_with_references`` and those of
        ``comparison.with_verdicts``. Strata without a user are left out.
    """
    frames = []
    for label, sample in samples.items():
        if len(sample.users):
            comparison = compare_with_references(sample, references, smallest)
            comparison.insert(0, "stratum", label)
            comparison.insert(1, "users", len(sample.users))
            frames.append(comparison)
    return with_verdicts(pd.concat(frames, ignore_index=True))


def trends(
    sample: Sample, degree: pd.Series, strata: pd.Series, references: Mapping[str, str]
) -> pd.DataFrame:
    """Test whether a system's gain over its reference depends on the users' train degree.

    Trend: least-squares slope of the per-user gain over log2(1 + degree). Its variance between users allows
    for unequal spread (HC3). Interaction: mean gain in the sparsest stratum minus that in the densest. Both
    also have the variance between seeds. Holm's correction is over both tests and all systems.

    Args:
        sample: The scores of all runs on one metric.
        degree: Number of train pairs of each user; index user.
        strata: Ordered categories; index user.
        references: The reference of each system.

    Returns:
        The columns ``TREND_COLUMNS``, where ``slope`` is the gain per doubling of 1 + degree, and both p
        after Holm, ``p_slope_holm`` and ``p_interaction_holm``.
    """
    codes = strata.reindex(sample.users).cat.codes.to_numpy()
    doublings = np.log2(1.0 + degree.reindex(sample.users).to_numpy(dtype=float))
    centred = doublings - doublings.mean()
    weights = {"slope": centred / (centred**2).sum() if centred.any() else None, "interaction": None}
    if codes.min() < codes.max():
        sparsest, densest = codes == codes.min(), codes == codes.max()
        weights["interaction"] = sparsest / sparsest.sum() - densest / densest.sum()
    variance = {"slope": _hc3, "interaction": _of_two_groups}
    estimates: dict[str, dict[str, Estimate]] = {system: {} for system in references}
    for test, own in weights.items():
        if own is None:
            continue
        seeds = sample.seeds(own)
        for system, reference in references.items():
            factors = {system: 1.0, reference: -1.0}
            gain = sample.weighted_users(factors)
            users, freedom = variance[test](gain, own)
            if users > 0:
                estimates[system][test] = estimate(float(own @ gain), users, freedom, factors, seeds)
    return trend_frame(references, estimates)


TREND_COLUMNS = [
    "system", "baseline", "slope", "slope_low", "slope_high", "p_slope",
    "sparsest_less_densest", "low", "high", "p_interaction",
]  # fmt: skip


def trend_frame(
    references: Mapping[str, str], estimates: Mapping[str, Mapping[str, Estimate]]
) -> pd.DataFrame:
    """The rows of a trend table, with Holm's correction over both tests and all systems.

    Args:
        references: The reference of each system.
        estimates: For each system the estimates ``slope`` and ``interaction``, as far as there are any.
    """
    names = {
        "slope": ("slope", "slope_low", "slope_high", "p_slope"),
        "interaction": ("sparsest_less_densest", "low", "high", "p_interaction"),
    }
    rows: list[dict[str, Any]] = []
    for system, reference in references.items():
        row: dict[str, Any] = {"system": system, "baseline": reference}
        for test, own in estimates[system].items():
            row |= dict(zip(names[test], (own.value, *own.interval(), own.p), strict=True))
        rows.append(row)
    frame = pd.DataFrame(rows, columns=TREND_COLUMNS)
    adjusted = holm(frame[["p_slope", "p_interaction"]].to_numpy(dtype=float).ravel()).reshape(-1, 2)
    return frame.assign(p_slope_holm=adjusted[:, 0], p_interaction_holm=adjusted[:, 1])


def _hc3(gain: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """The variance of a least-squares slope between users, and its degrees of freedom.

    It equals HC3 of ``OLS`` in statsmodels and takes a twentieth of its time.

    Args:
        gain: The gain of each user, [U].
        weights: The slope is ``weights @ gain``, [U].
    """
    if len(gain) < 3:
        return 0.0, 0.0
    centred = weights / (weights**2).sum()
    residual = gain - gain.mean() - (weights @ gain) * centred
    leverage = 1.0 / len(gain) + centred**2 / (centred**2).sum()
    with np.errstate(divide="ignore", invalid="ignore"):  # a user alone at the end of the line
        variance = float((weights**2 * (residual / (1.0 - leverage)) ** 2).sum())
    return (variance, len(gain) - 2.0) if np.isfinite(variance) else (0.0, 0.0)


def _of_two_groups(gain: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """The variance of the difference between two groups' means, and its degrees of freedom (Welch's test).

    Args:
        gain: The gain of each user, [U].
        weights: Above 0 in one group, below 0 in the other, [U].
    """
    groups = [gain[weights > 0], gain[weights < 0]]
    if min(map(len, groups)) < 2:
        return 0.0, 0.0
    parts = [group.var(ddof=1) / len(group) for group in groups]
    doubt = sum(part**2 / (len(group) - 1) for part, group in zip(parts, groups, strict=True))
    total = float(sum(parts))
    return total, float(total**2 / doubt) if doubt else 0.0
