"""Tests that take the runs as they are: other users are allowed for, and other seeds are not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.evaluation.stats.paired import effect_size, t_test
from harness.evaluation.stats.randomisation import flipped_sums, p_between
from harness.evaluation.stats.sample import Sample


def with_tests_of_these_runs(frame: pd.DataFrame, sample: Sample, one: str, other: str) -> pd.DataFrame:
    """Add what the paired tests over users say of a comparison, for readers who want that statement.

    No verdict rests on it. If two systems differ in nothing but their seeds, these tests find the difference
    between the runs at hand, which other seeds would not have.

    Args:
        frame: One row for each comparison.
        sample: The scores that were compared.
        one: The column of ``frame`` with the one system.
        other: The column with the other system. A row without it is not tested.

    Returns:
        The frame with ``effect`` (paired Cohen's d), ``p_randomisation`` and ``p_t``.
    """
    values = sample.means.to_numpy()
    flipped, column = flipped_sums(values), sample.means.columns.get_loc
    rows = []
    for first, second in zip(frame[one], frame[other], strict=True):
        if not isinstance(second, str):
            rows.append((np.nan, np.nan, np.nan))
            continue
        difference = (sample.means[first] - sample.means[second]).to_numpy()
        p = p_between(values, flipped, column(first), column(second))
        rows.append((effect_size(difference), p, t_test(difference)))
    return frame.join(pd.DataFrame(rows, columns=["effect", "p_randomisation", "p_t"], index=frame.index))


def with_tests_in_each(frame: pd.DataFrame, samples: Mapping[str, Sample]) -> pd.DataFrame:
    """Add the same to comparisons in several samples.

    Args:
        frame: One row for each comparison: ``stratum``, ``system`` and ``baseline``.
        samples: The scores that were compared, by the stratum.
    """
    parts = [
        with_tests_of_these_runs(rows, samples[str(label)], "system", "baseline")
        for label, rows in frame.groupby("stratum", sort=False)
    ]
    return pd.concat(parts).loc[frame.index]
