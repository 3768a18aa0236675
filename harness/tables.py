"""Leaderboards as Markdown, CSV and LaTeX, from summaries alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from tabulate import tabulate

MARKS = {"better": "▲", "worse": "▼", "even": ""}
TEX_MARKS = {"better": r"$^{\blacktriangle}$", "worse": r"$^{\blacktriangledown}$", "even": ""}

Style = Callable[[str], str]


def cells(
    comparison: pd.DataFrame, metric: str, best: Style, second: Style, marks: Mapping[str, str]
) -> dict[str, str]:
    """Every system's cell for one metric: mean, interval, mark; best and second styled."""
    rows = comparison[comparison["metric"] == metric]
    order = rows["mean"].rank(method="min", ascending=False)
    made = {}
    for (_, row), place in zip(rows.iterrows(), order, strict=True):
        text = f"{row['mean']:.4f}"
        text = best(text) if place == 1 else second(text) if place == 2 else text
        made[row["system"]] = f"{text} [{row['low']:.4f}, {row['high']:.4f}]{marks[row['verdict']]}"
    return made


def leaderboard(
    comparison: pd.DataFrame,
    costs: pd.DataFrame,
    metrics: Sequence[str],
    best: Style,
    second: Style,
    marks: Mapping[str, str],
) -> pd.DataFrame:
    """The table a reader sees, best system first.

    Args:
        comparison: As ``stats.compare`` makes it.
        costs: Index ``system``; columns ``runs``, ``seconds_s``, ``peak_bytes``, ``parameters``
            and, a metric, ``METRIC spread`` (standard deviation over repetitions).
        metrics: Columns, the first ordering the rows.
        best: How to mark the best mean.
        second: How to mark the second mean.
        marks: Text after a cell by verdict.
    """
    first = comparison[comparison["metric"] == metrics[0]].set_index("system")
    order = first["mean"].sort_values(ascending=False, kind="stable").index
    table = pd.DataFrame({"System": order})
    for metric in metrics:
        made = cells(comparison, metric, best, second, marks)
        table[title(metric)] = [made[system] for system in order]
    lead = title(metrics[0])
    table[f"seed SD, {lead}"] = [_spread(costs.at[name, f"{metrics[0]} spread"]) for name in order]
    table["gain %"] = [_signed(first.at[name, "gain_percent"], 1) for name in order]
    table["effect d"] = [_signed(first.at[name, "effect"], 3) for name in order]
    table["p (Holm)"] = [_p(first.at[name, "p_holm"]) for name in order]
    table["runs"] = [f"{costs.at[name, 'runs']:.0f}" for name in order]
    table["s a run"] = [f"{costs.at[name, 'seconds_s']:.1f}" for name in order]
    table["peak MiB"] = [f"{costs.at[name, 'peak_bytes'] / 2**20:.0f}" for name in order]
    table["parameters"] = [f"{costs.at[name, 'parameters']:,.0f}" for name in order]
    return table


def title(metric: str) -> str:
    """Column title of a metric, as papers print it."""
    name, _, k = metric.partition("@")
    upper = name.upper() if name in ("ndcg", "mrr", "map") else name.capitalize()
    return f"{upper}@{k}"


def markdown(table: pd.DataFrame) -> str:
    """A GitHub table."""
    align = ["left", *["right"] * (len(table.columns) - 1)]
    return tabulate(
        table, headers="keys", tablefmt="github", showindex=False, disable_numparse=True, colalign=align
    )


def latex(table: pd.DataFrame) -> str:
    """A booktabs table; needs the package amssymb for the marks."""
    escaped = table.rename(columns=tex).assign(System=table["System"].map(tex))
    return tabulate(escaped, headers="keys", tablefmt="latex_raw", showindex=False, disable_numparse=True)


def tex(text: str) -> str:
    """Escape what LaTeX would read as markup."""
    for plain, escaped in (
        ("\\", r"\textbackslash{}"),
        ("%", r"\%"),
        ("_", r"\_"),
        ("^", r"\^{}"),
        ("&", r"\&"),
    ):
        text = text.replace(plain, escaped)
    return text


def _spread(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"


def _signed(value: object, digits: int) -> str:
    number = np.nan if value is None else float(str(value))
    return "" if np.isnan(number) else f"{number:+.{digits}f}"


def _p(value: float) -> str:
    return "" if np.isnan(value) else "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0")
