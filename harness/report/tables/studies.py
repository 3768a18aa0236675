"""Tables of the studies: strata and trends, all pairs, ablations."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from harness.report.tables.cells import number, probability, signed
from harness.report.tables.markup import MARKDOWN


def strata(found: pd.DataFrame) -> pd.DataFrame:
    """One row a system, one column a stratum: mean [interval], gain over the reference, mark.

    Args:
        found: As ``stats.stratified.by_stratum`` makes it.
    """
    columns = {}
    for (label, users), rows in found.groupby(["stratum", "users"], sort=False, observed=True):
        gains = [f" {number(gain, '+.1f')} %" if gain == gain else "" for gain in rows["gain_percent"]]
        columns[f"{label} ({users:,} users)"] = [
            f"{row.mean:.4f} [{row.low:.4f}, {row.high:.4f}]{gain}{MARKDOWN.marks[row.verdict]}"
            for row, gain in zip(rows.drop(columns=["stratum"]).itertuples(), gains, strict=True)
        ]
    systems = found.drop_duplicates("system")
    table = pd.DataFrame({"System": systems["system"], "over": systems["baseline"].fillna("")})
    return table.reset_index(drop=True).join(pd.DataFrame(columns))


def trends(found: pd.DataFrame) -> pd.DataFrame:
    """One row a system: the trend of its gain, and the sparsest stratum's gain less the densest's.

    Args:
        found: As ``stats.stratified.trends`` makes it.
    """
    slopes, gaps = (
        [signed(row, value, low, high) for row in found.to_dict("records")]
        for value, low, high in (
            ("slope", "slope_low", "slope_high"),
            ("sparsest_less_densest", "low", "high"),
        )
    )
    return pd.DataFrame(
        {
            "System": found["system"],
            "over": found["baseline"],
            "trend a doubling": slopes,
            "p (trend)": found["p_slope_holm"].map(probability),
            "sparsest - densest": gaps,
            "p (strata)": found["p_interaction_holm"].map(probability),
        }
    )


def numbered(matrix: pd.DataFrame) -> pd.DataFrame:
    """A square frame with its columns as numbers, which stand before the rows' names."""
    numbers = [str(number) for number in range(1, len(matrix) + 1)]
    names = [f"{number} {name}" for number, name in zip(numbers, matrix.index, strict=True)]
    return matrix.set_axis(numbers, axis="columns").set_axis(names).rename_axis("System").reset_index()


def ablations(found: pd.DataFrame, means: Mapping[str, float]) -> pd.DataFrame:
    """One row an ablated system: the full one, what is left out, mean, difference [interval], mark, p.

    Args:
        found: Columns ``system`` (the full one), ``without`` and ``variant``, and those of
            ``comparison.with_holm``.
        means: Of the full systems.
    """
    rows = found.to_dict("records")
    return pd.DataFrame(
        {
            "System": found["system"],
            "mean": [number(means[name], ".4f") for name in found["system"]],
            "without": found["without"],
            "mean without": [number(value, ".4f") for value in found["mean"]],
            "difference": [
                signed(row, "difference", "difference_low", "difference_high")
                + MARKDOWN.marks[row["verdict"]]
                for row in rows
            ],
            "%": [number(value, "+.1f") for value in found["gain_percent"]],
            "p (Holm)": [probability(value) for value in found["p_holm"]],
        }
    )
