"""Tables of the further sections: strata, trends, all pairs, ablations."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.report.tables.cells import bounds, number, probability, with_interval
from harness.report.tables.markup import MARKDOWN


def strata(comparison: pd.DataFrame) -> pd.DataFrame:
    """Make a table with one row per system and one column per stratum.

    A cell shows mean [interval], gain over the reference, and the mark of the verdict.

    Args:
        comparison: From ``stats.stratified.by_stratum``.
    """
    columns = {}
    for (label, users), rows in comparison.groupby(["stratum", "users"], sort=False, observed=True):
        gains = [f" {number(gain, '+.1f')} %" if gain == gain else "" for gain in rows["gain_percent"]]
        columns[f"{label} ({users:,} users)"] = [
            f"{row.mean:.4f}{bounds(row.low, row.high)}{gain}{MARKDOWN.marks[row.verdict]}"
            for row, gain in zip(rows.drop(columns=["stratum"]).itertuples(), gains, strict=True)
        ]
    systems = comparison.drop_duplicates("system")
    table = pd.DataFrame({"System": systems["system"], "over": systems["baseline"].fillna("")})
    return table.reset_index(drop=True).join(pd.DataFrame(columns))


def trends(trend: pd.DataFrame) -> pd.DataFrame:
    """Make a table with one row per system: its gain's trend, and the gain in the sparsest minus the densest.

    Args:
        trend: From ``stats.stratified.trends`` or ``stats.swept.sweep_trends``.
    """
    slopes, gaps = (
        [with_interval(row, value, low, high) for row in trend.to_dict("records")]
        for value, low, high in (
            ("slope", "slope_low", "slope_high"),
            ("sparsest_less_densest", "low", "high"),
        )
    )
    return pd.DataFrame(
        {
            "System": trend["system"],
            "over": trend["baseline"],
            "trend a doubling": slopes,
            "p (trend)": trend["p_slope_holm"].map(probability),
            "sparsest - densest": gaps,
            "p (strata)": trend["p_interaction_holm"].map(probability),
        }
    )


def numbered(matrix: pd.DataFrame) -> pd.DataFrame:
    """Number the columns of a square frame, and put each number before the name of its row."""
    numbers = [str(number) for number in range(1, len(matrix) + 1)]
    names = [f"{number} {name}" for number, name in zip(numbers, matrix.index, strict=True)]
    return matrix.set_axis(numbers, axis="columns").set_axis(names).rename_axis("System").reset_index()


def ablations(comparison: pd.DataFrame, means: Mapping[str, float]) -> pd.DataFrame:
    """Make a table with one row per ablated system.

    Args:
        comparison: Columns ``system`` (the full one), ``without`` (the terms left out) and ``variant``, and
            those of ``stats.comparison.with_verdicts``.
        means: Mean of each full system.
    """
    rows = comparison.to_dict("records")
    return pd.DataFrame(
        {
            "System": comparison["system"],
            "mean": [number(means[name], ".4f") for name in comparison["system"]],
            "without": comparison["without"],
            "mean without": [number(value, ".4f") for value in comparison["mean"]],
            "difference": [
                with_interval(row, "difference", "difference_low", "difference_high")
                + MARKDOWN.marks[row["verdict"]]
                for row in rows
            ],
            "%": [number(value, "+.1f") for value in comparison["gain_percent"]],
            "p (Holm)": [probability(value) for value in comparison["p_holm"]],
        }
    )
