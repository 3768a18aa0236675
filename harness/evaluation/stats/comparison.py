"""Every system against a reference system: mean, interval, gain, tests and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.stats.estimate import LEVEL
from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.smallest import SmallestEffect

COLUMNS = [
    "system", "mean", "low", "high", "baseline", "gain_percent", "gain_low", "gain_high", "difference",
    "difference_low", "difference_high", "seeds_share", "p", "p_equal",
]  # fmt: skip


def compare_with_references(
    sample: Sample, references: Mapping[str, str], smallest: SmallestEffect
) -> pd.DataFrame:
    """Compare every system of a sample with its reference system.

    Args:
        sample: The scores of all runs on one metric.
        references: The reference of each system. A system without one gets its mean and interval only.
        smallest: Differences below it count as none.

    Returns:
        One row for each system. ``p`` allows for other users and other seeds, as the intervals do, and
        ``seeds_share`` is the part of the variance that seeds contribute. ``p_equal`` tests that the
        difference is at least the smallest effect.
    """
    rows: list[dict[str, Any]] = []
    for name in sample.scores:
        mean = sample.mean(name)
        low, high = mean.interval()
        row = {"system": name, "mean": mean.value, "low": low, "high": high}
        if name in references:
            row |= _against(sample, name, references[name], smallest)
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _against(sample: Sample, name: str, reference: str, smallest: SmallestEffect) -> dict[str, Any]:
    """The columns of one system that come from its comparison with a reference."""
    difference, reference_mean = sample.difference(name, reference), float(sample.totals[reference])
    low, high = difference.interval()
    row = {
        "baseline": reference,
        "difference": difference.value,
        "difference_low": low,
        "difference_high": high,
        "seeds_share": difference.seeds_share,
        "p": difference.p,
        "p_equal": difference.p_equal(smallest.beside(reference_mean)),
    }
    if not reference_mean:
        return row
    gain = sample.gain(name, reference)
    gain_low, gain_high = gain.interval()
    per_cent = {"gain_percent": gain.value, "gain_low": gain_low, "gain_high": gain_high}
    return row | {column: 100.0 * value for column, value in per_cent.items()}


def with_verdicts(frame: pd.DataFrame) -> pd.DataFrame:
    """Add ``p_holm``, ``p_equal_holm`` and ``verdict`` to tests that are one family.

    Args:
        frame: Columns ``difference``, ``p`` and ``p_equal``; one row for each test.

    Returns:
        The verdict is ``better`` or ``worse`` if the difference is significant after Holm's correction,
        ``equal`` if it is significantly below the smallest effect, ``undecided`` if it is neither, and empty
        if it was not tested.
    """
    p, p_equal = (holm(frame[column].to_numpy(dtype=float)) for column in ("p", "p_equal"))
    difference = frame["difference"].to_numpy(dtype=float)
    cases = [np.isnan(p), (p < LEVEL) & (difference > 0), (p < LEVEL) & (difference < 0), p_equal < LEVEL]
    verdict = np.select(cases, ["", "better", "worse", "equal"], "undecided")
    return frame.assign(p_holm=p, p_equal_holm=p_equal, verdict=verdict)


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
