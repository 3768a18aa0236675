"""Every system against a reference, paired by user: means, intervals, gains, tests, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.stats.bootstrap import intervals, resampled_means
from harness.evaluation.stats.paired import LEVEL, effect_size, t_test
from harness.evaluation.stats.randomisation import flipped_sums, p_between

COLUMNS = [
    "system", "metric", "mean", "low", "high", "baseline", "gain_percent", "difference",
    "difference_low", "difference_high", "effect", "p_randomisation", "p_t",
]  # fmt: skip


def compare(users: pd.DataFrame, metrics: list[str], baselines: set[str]) -> pd.DataFrame:
    """Every system against the best baseline of each metric, paired by user.

    Args:
        users: Columns ``system``, ``user`` and one a metric, averaged over repetitions.
        metrics: The metrics compared; they and the systems form one family for Holm.
        baselines: Names of the systems that may be the best baseline.

    Returns:
        One row a system and metric: ``mean``, ``low``, ``high``, ``baseline`` (None on the best
        baseline's own row), ``gain_percent``, ``difference``, ``difference_low``,
        ``difference_high``, ``effect``, ``p_randomisation``, ``p_t``, ``p_holm``, and
        ``verdict``: better, worse or even.
    """
    frames = []
    for metric in metrics:
        table = users.pivot(index="user", columns="system", values=metric)
        best = best_baseline(table, baselines)
        references = {} if best is None else {name: best for name in table.columns if name != best}
        frames.append(against(table, references).assign(metric=metric))
    return with_holm(pd.concat(frames, ignore_index=True)[COLUMNS])


def best_baseline(table: pd.DataFrame, baselines: set[str]) -> str | None:
    """The column among ``baselines`` with the highest mean, or None."""
    known = table.columns[table.columns.isin(baselines)]
    return None if known.empty else str(table[known].mean().idxmax())


def against(table: pd.DataFrame, references: Mapping[str, str]) -> pd.DataFrame:
    """Every system against its reference, by one metric.

    Args:
        table: One row a user, one column a system.
        references: The system that each is compared with; systems left out have a mean alone.

    Returns:
        As :func:`compare`, less ``metric``, ``p_holm`` and ``verdict``.
    """
    values = table.to_numpy(dtype=float)
    means, flipped = resampled_means(values), flipped_sums(values)
    place = {name: index for index, name in enumerate(table.columns)}
    low, high = intervals(means)
    rows: list[dict[str, Any]] = []
    for name, own in place.items():
        row = {"system": name, "mean": values[:, own].mean(), "low": low[own], "high": high[own]}
        if name in references:
            other = place[references[name]]
            difference, reference = values[:, own] - values[:, other], values[:, other].mean()
            bounds = intervals(means[:, own] - means[:, other])
            row |= {
                "baseline": references[name],
                "gain_percent": 100.0 * difference.mean() / reference if reference else np.nan,
                "difference": difference.mean(),
                "difference_low": bounds[0],
                "difference_high": bounds[1],
                "effect": effect_size(difference),
                "p_randomisation": p_between(values, flipped, own, other),
                "p_t": t_test(difference),
            }
        rows.append(row)
    return pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "metric"])


def with_holm(frame: pd.DataFrame) -> pd.DataFrame:
    """Add ``p_holm``, Holm's correction over every test of the frame, and the verdict it leaves."""
    frame = frame.assign(p_holm=holm(frame["p_randomisation"].to_numpy(dtype=float)))
    survives = frame["p_holm"] < LEVEL
    ahead = frame["difference"].astype(float).fillna(0.0)
    frame["verdict"] = np.select(
        [survives & (ahead > 0), survives & (ahead < 0)], ["better", "worse"], "even"
    )
    return frame


def settled(frame: pd.DataFrame, pairs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The comparison with the verdicts that stand up to other seeds and to the choice of the baseline.

    The test over users takes the trained runs as given: a verdict also needs the interval over users and
    seeds to leave 0 out, where there is one. The best baseline is picked by the figures that it is then
    tested with, so that by chance many systems look worse: ``worse`` has to survive Holm over all pairs.

    Args:
        frame: From :func:`compare`, with ``difference_seeds_low`` and ``difference_seeds_high``.
        pairs: By metric, from ``pairs.all_pairs``.
    """
    among_all = {
        (metric, row.first, row.second): row.p_holm
        for metric, each in pairs.items()
        for row in each.itertuples()
    }
    ends = zip(frame["metric"], frame["baseline"], frame["system"], strict=True)
    even_among_all = np.array([not among_all.get(each, 1.0) < LEVEL for each in ends])
    turned = (frame["difference_seeds_low"] <= 0) & (frame["difference_seeds_high"] >= 0)
    doubtful = turned | (even_among_all & (frame["verdict"] == "worse"))
    return frame.assign(verdict=frame["verdict"].mask(doubtful, "even"))


def holm(raw: np.ndarray) -> np.ndarray:
    """Holm's adjusted p [n] of one family's raw p [n]; NaN stays NaN and counts for nothing.

    As statsmodels' ``multipletests`` has it, which collects the whole heap's garbage at every call.
    """
    adjusted = np.full(len(raw), np.nan)
    tested = np.flatnonzero(~np.isnan(raw))
    order = tested[np.argsort(raw[tested], kind="stable")]
    steps = raw[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
