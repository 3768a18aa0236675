"""All pairs of systems: tests with Holm's correction, letters, and wins, ties and losses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from harness.evaluation.stats.comparison import holm
from harness.evaluation.stats.paired import LEVEL, smallest_effect
from harness.evaluation.stats.randomisation import flipped_sums, p_between

LETTERS = 52
"""Letters from a to z and from A to Z. More systems than that get no letters."""


def all_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Test every pair of systems with the paired randomisation test, with Holm over all pairs.

    Args:
        table: One row per user, one column per system, one metric.

    Returns:
        One row per pair, the system with the higher mean first: ``first``, ``second``, ``difference``,
        ``p_randomisation``, ``p_holm``, and ``detectable``, which is the smallest difference that Holm's
        first step finds with a chance of 80 % (NaN for one user).
    """
    table = table[table.mean().sort_values(ascending=False, kind="stable").index]
    values, names = table.to_numpy(dtype=float), list(table.columns)
    flipped = flipped_sums(values)
    count = len(names) * (len(names) - 1) // 2
    rows = []
    for first, second in combinations(range(len(names)), 2):
        difference = values[:, first] - values[:, second]
        p = p_between(values, flipped, first, second)
        spread = difference.std(ddof=1) if len(difference) > 1 else np.nan
        rows.append((names[first], names[second], difference.mean(), p, spread))
    frame = pd.DataFrame(rows, columns=["first", "second", "difference", "p_randomisation", "spread"])
    frame["p_holm"] = holm(frame["p_randomisation"].to_numpy(dtype=float))
    frame["detectable"] = smallest_effect(len(table), max(count, 1)) * frame["spread"]
    return frame.drop(columns="spread")


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
    if not 1 < len(names) <= LETTERS:
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
    """Count how often the row's system is significantly better / even / worse than the column's.

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
