"""All pairs of systems: tests, letters, wins, ties and losses, and what more data would decide."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.stats.comparison import with_verdicts
from harness.evaluation.stats.estimate import LEVEL, Estimate
from harness.evaluation.stats.sample import Sample

LETTERS = 52
"""Letters from a to z and from A to Z. More systems than that get no letters."""


def all_pairs(sample: Sample, smallest: float) -> pd.DataFrame:
    """Test every pair of systems; all pairs are one family.

    Two systems with the same runs are one system: only the first of them is compared.

    Args:
        sample: The scores of all runs on one metric.
        smallest: Differences below it count as none.

    Returns:
        One row per pair, the system with the higher mean first: ``first``, ``second``, ``difference``; its
        95 % interval ``low`` .. ``high``; the interval ``family_low`` .. ``family_high``, which holds for all
        pairs at once; ``seeds_share``, ``p``, ``p_equal``; ``detectable``, the smallest
        true difference that is found with a chance of 80 % at Holm's first step; ``runs_needed`` and
        ``users_needed`` (see :func:`needed`); and the columns of ``comparison.with_verdicts``, where better
        is the first.
    """
    ordered = list(sample.totals.sort_values(ascending=False, kind="stable").index)
    names = list(dict.fromkeys(sample.first_alike[name] for name in ordered))
    count = len(names) * (len(names) - 1) // 2
    rows = [_row(sample, first, second, smallest, count) for first, second in combinations(names, 2)]
    return with_verdicts(pd.DataFrame(rows, columns=COLUMNS))


COLUMNS = [
    "first", "second", "difference", "low", "high", "family_low", "family_high", "seeds_share", "p",
    "p_equal", "detectable", "runs_needed", "users_needed",
]  # fmt: skip


def _row(sample: Sample, first: str, second: str, smallest: float, tests: int) -> dict[str, Any]:
    estimate = sample.difference(first, second)
    low, high = estimate.interval()
    family_low, family_high = estimate.interval(LEVEL / tests)
    runs = max(sample.scores[name].shape[1] for name in (first, second))
    sizes = runs, len(sample.users)
    runs_needed, users_needed = needed(estimate, *sizes, smallest, tests, sample.overlap or 0.0)
    return {
        "first": first,
        "second": second,
        "difference": estimate.value,
        "low": low,
        "high": high,
        "family_low": family_low,
        "family_high": family_high,
        "seeds_share": estimate.seeds_share,
        "p": estimate.p,
        "p_equal": estimate.p_equal(smallest),
        "detectable": estimate.detectable(tests),
        "runs_needed": runs_needed,
        "users_needed": users_needed,
    }


def needed(
    estimate: Estimate, runs: int, users: int, smallest: float, tests: int, overlap: float = 0.0
) -> tuple[float, float]:
    """How many runs, or else how many users, would show a difference of ``smallest`` with a chance of 80 %.

    Args:
        estimate: The difference between two systems.
        runs: How many runs, or splits, each of the two has.
        users: How many users were tested.
        smallest: The difference that is to be seen.
        tests: Number of tests of the family.
        overlap: As in :class:`Sample`. More splits cannot reduce what it adds to the variance.

    Returns:
        The runs of each system with the users of now, and the users with the runs of now. Infinity means that
        no number is enough, and NaN that nothing can be said.
    """
    enough = (smallest / (estimate.detectable(tests) / estimate.error)) ** 2 if estimate.error else np.nan
    shared = estimate.from_seeds * overlap / (1.0 / runs + overlap)
    return (
        _scaled(runs, estimate.from_seeds - shared, enough - estimate.from_users - shared),
        _scaled(users, estimate.from_users, enough - estimate.from_seeds),
    )


def _scaled(count: int, variance: float, allowed: float) -> float:
    """By how many the variance of ``count`` must be averaged to be no more than ``allowed``."""
    if np.isnan(allowed) or allowed <= 0:
        return float("nan") if np.isnan(allowed) else float("inf")
    return float(max(count, np.ceil(count * variance / allowed)))


def letters(pairs: pd.DataFrame) -> dict[str, str]:
    """Give every system letters, so that two share one if and only if they do not differ significantly.

    Paper: Piepho, An algorithm for a letter-based representation of all-pairwise comparisons (2004).

    Args:
        pairs: From :func:`all_pairs`. The best system has the letter a.

    Returns:
        Each system's letters; nothing if there are more than LETTERS systems or letters.
    """
    import scikit_posthocs

    names = list(dict.fromkeys([*pairs["first"], *pairs["second"]]))
    if not 1 < len(names) <= LETTERS or pairs["p_holm"].isna().any():
        return {}
    p_values = pd.DataFrame(np.ones((len(names), len(names))), index=names, columns=names)
    for row in pairs.itertuples():
        p_values.at[row.first, row.second] = p_values.at[row.second, row.first] = row.p_holm
    try:
        display = scikit_posthocs.compact_letter_display(p_values, alpha=LEVEL)
    except ValueError:  # it needs more letters than the alphabet has
        return {}
    return {name: text.replace(" ", "") for name, text in display.items()}


def win_tie_loss(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count how often the row's system is significantly better / neither / worse than the column's.

    Args:
        pairs: Rows of :func:`all_pairs` of several datasets and metrics.

    Returns:
        Square frame of texts such as ``3/1/0``, its systems ordered by wins minus losses.
    """
    sign = np.sign(pairs["difference"]) * (pairs["p_holm"] < LEVEL)
    forward = pd.DataFrame({"system": pairs["first"], "other": pairs["second"], "sign": sign})
    backward = pd.DataFrame({"system": pairs["second"], "other": pairs["first"], "sign": -sign})
    both = pd.concat([forward, backward])
    order = both.groupby("system", sort=False)["sign"].sum().sort_values(ascending=False, kind="stable").index
    counted = both.groupby(["system", "other"])["sign"].agg(
        lambda signs: f"{(signs > 0).sum()}/{(signs == 0).sum()}/{(signs < 0).sum()}"
    )
    matrix: pd.DataFrame = counted.unstack().reindex(index=order, columns=order).fillna("")
    return matrix.rename_axis(index="System", columns=None)
