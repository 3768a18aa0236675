"""Every system against a reference system, paired by user: mean, interval, gain, tests and verdict."""

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
    """Compare every system with the best baseline of each metric, paired by user.

    Args:
        users: Columns ``system``, ``user`` and one for each metric, averaged over repetitions.
        metrics: The metrics compared. All tests of these metrics and systems are one family for Holm.
        baselines: Names of the systems that may be the best baseline.

    Returns:
        One row for each system and metric: ``mean``, ``low``, ``high``, ``baseline`` (None in the row of
        the best baseline itself), ``gain_percent``, ``difference``, ``difference_low``,
        ``difference_high``, ``effect``, ``p_randomisation``, ``p_t``, ``p_holm`` and ``verdict``
        (better, worse or even).
    """
    frames = []
    for metric in metrics:
        table = users.pivot(index="user", columns="system", values=metric)
        best = best_baseline(table, baselines)
        references = {} if best is None else {name: best for name in table.columns if name != best}
        frames.append(compare_with_references(table, references).assign(metric=metric))
    return with_holm(pd.concat(frames, ignore_index=True)[COLUMNS])


def best_baseline(table: pd.DataFrame, baselines: set[str]) -> str | None:
    """Return the column among ``baselines`` with the highest mean; None if no column is a baseline."""
    present = table.columns[table.columns.isin(baselines)]
    return None if present.empty else str(table[present].mean().idxmax())


def compare_with_references(table: pd.DataFrame, references: Mapping[str, str]) -> pd.DataFrame:
    """Compare every system with its reference system on one metric.

    Args:
        table: One row per user, one column per system.
        references: The reference of each system. A system without one gets its mean and interval only.

    Returns:
        The columns of :func:`compare`, without ``metric``, ``p_holm`` and ``verdict``.
    """
    values = table.to_numpy(dtype=float)
    means, flipped = resampled_means(values), flipped_sums(values)
    column = {name: index for index, name in enumerate(table.columns)}
    low, high = intervals(means)
    rows: list[dict[str, Any]] = []
    for name, own in column.items():
        row = {"system": name, "mean": values[:, own].mean(), "low": low[own], "high": high[own]}
        if name in references:
            other = column[references[name]]
            difference, reference_mean = values[:, own] - values[:, other], values[:, other].mean()
            bounds = intervals(means[:, own] - means[:, other])
            row |= {
                "baseline": references[name],
                "gain_percent": 100.0 * difference.mean() / reference_mean if reference_mean else np.nan,
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
    """Add ``p_holm``, which is Holm's correction over all tests of the frame, and ``verdict``."""
    frame = frame.assign(p_holm=holm(frame["p_randomisation"].to_numpy(dtype=float)))
    significant = frame["p_holm"] < LEVEL
    difference = frame["difference"].astype(float).fillna(0.0)
    frame["verdict"] = np.select(
        [significant & (difference > 0), significant & (difference < 0)], ["better", "worse"], "even"
    )
    return frame


def with_cautious_verdicts(frame: pd.DataFrame, pairs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Turn verdicts into ``even`` that other seeds, or the choice of the baseline, could explain.

    The test over users takes the trained runs as given. So a verdict also needs an interval over users and
    seeds without 0, if there are several seeds. The best baseline is chosen by the same numbers that it is
    tested with, which makes many systems look worse by chance. So ``worse`` must also be significant after
    Holm over all pairs of systems.

    Args:
        frame: From :func:`compare`, with ``difference_seeds_low`` and ``difference_seeds_high``.
        pairs: The result of ``pairs.all_pairs`` for each metric.
    """
    p_among_all_pairs = {
        (metric, row.first, row.second): row.p_holm
        for metric, pairs_of_metric in pairs.items()
        for row in pairs_of_metric.itertuples()
    }
    worse_pairs = zip(frame["metric"], frame["baseline"], frame["system"], strict=True)
    even_among_all_pairs = np.array([not p_among_all_pairs.get(pair, 1.0) < LEVEL for pair in worse_pairs])
    holds_zero = (frame["difference_seeds_low"] <= 0) & (frame["difference_seeds_high"] >= 0)
    doubtful = holds_zero | (even_among_all_pairs & (frame["verdict"] == "worse"))
    return frame.assign(verdict=frame["verdict"].mask(doubtful, "even"))


def holm(raw: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p [n] of the raw p [n] of one family.

    NaN stands for a test that was not made: it stays NaN and does not count. The result equals
    ``multipletests`` of statsmodels, which takes long because it collects garbage at every call.
    """
    adjusted = np.full(len(raw), np.nan)
    tested = np.flatnonzero(~np.isnan(raw))
    order = tested[np.argsort(raw[tested], kind="stable")]
    steps = raw[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
