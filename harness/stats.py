"""Statistics of a comparison: means with intervals, paired tests by user, Holm, effect sizes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

RESAMPLES = 9999
LEVEL = 0.05


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over users, values [U]."""
    if _constant(values):
        return float(values.mean()), float(values.mean())
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, batch=100, method="percentile", rng=np.random.default_rng(seed)
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def randomisation_test(difference: np.ndarray, seed: int = 0) -> float:
    """Two-sided p of the paired randomisation test for per-user differences [U].

    The sign of every user's difference is flipped at random. Users without a difference change
    nothing under any flip and are left out first, which is exact.
    """
    moved = difference[difference != 0]
    if len(moved) == 0:
        return 1.0
    found = stats.permutation_test(
        (moved,),
        lambda values, axis: values.sum(axis=axis),
        permutation_type="samples",
        n_resamples=RESAMPLES,
        batch=max(1, 2_000_000 // len(moved)),
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def t_test(difference: np.ndarray) -> float:
    """Two-sided p of the paired t-test for per-user differences [U]."""
    if _constant(difference):
        return 1.0 if difference[0] == 0 else 0.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)


def effect_size(difference: np.ndarray) -> float:
    """Cohen's d for paired values: mean difference / its standard deviation."""
    if _constant(difference):
        return 0.0
    return float(difference.mean() / difference.std(ddof=1))


def _constant(values: np.ndarray) -> bool:
    """Whether the values are one value but for rounding; such have no spread to divide by."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())


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
    rows = []
    for metric in metrics:
        table = users.pivot(index="user", columns="system", values=metric)
        means = table.mean()
        known = [name for name in table.columns if name in baselines]
        best = max(known, key=lambda name: means[name]) if known else None
        for system in table.columns:
            values = table[system].to_numpy()
            low, high = interval(values)
            row = {"system": system, "metric": metric, "mean": means[system], "low": low, "high": high}
            if best is not None and system != best:
                row |= _against(values, table[best].to_numpy(), best)
            rows.append(row)
    return _with_holm(pd.DataFrame(rows, columns=COLUMNS))


COLUMNS = [
    "system", "metric", "mean", "low", "high", "baseline", "gain_percent", "difference",
    "difference_low", "difference_high", "effect", "p_randomisation", "p_t",
]  # fmt: skip


def _against(values: np.ndarray, baseline: np.ndarray, name: str) -> dict[str, object]:
    difference = values - baseline
    low, high = interval(difference)
    gain = 100.0 * difference.mean() / baseline.mean() if baseline.mean() else np.nan
    return {
        "baseline": name,
        "gain_percent": gain,
        "difference": difference.mean(),
        "difference_low": low,
        "difference_high": high,
        "effect": effect_size(difference),
        "p_randomisation": randomisation_test(difference),
        "p_t": t_test(difference),
    }


def _with_holm(frame: pd.DataFrame) -> pd.DataFrame:
    """Holm's correction over every test of the frame, and the verdict it leaves."""
    frame["p_holm"] = np.nan
    tested = frame["p_randomisation"].notna()
    if tested.any():
        raw = frame.loc[tested, "p_randomisation"].to_numpy(dtype=float)
        frame.loc[tested, "p_holm"] = multipletests(raw, method="holm")[1]
    survives = frame["p_holm"] < LEVEL
    ahead = frame["difference"].fillna(0.0).astype(float)
    frame["verdict"] = np.select(
        [survives & (ahead > 0), survives & (ahead < 0)], ["better", "worse"], "even"
    )
    return frame
