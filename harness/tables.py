"""Leaderboards as Markdown, CSV and LaTeX, from summaries alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from tabulate import tabulate


@dataclass(frozen=True)
class Look:
    """How one format shows the best mean, the second, and a verdict."""

    best: str
    second: str
    marks: Mapping[str, str]


MARKDOWN = Look("**{}**", "<u>{}</u>", {"better": "▲", "worse": "▼", "even": ""})
LATEX = Look(
    r"\textbf{{{}}}",
    r"\underline{{{}}}",
    {"better": r"$^{\blacktriangle}$", "worse": r"$^{\blacktriangledown}$", "even": ""},
)


def leaderboard(
    comparison: pd.DataFrame,
    costs: pd.DataFrame,
    metrics: Sequence[str],
    look: Look,
    letters: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The table a reader sees, best system first.

    Args:
        comparison: As ``stats.compare`` makes it.
        costs: Index ``system``; columns ``runs``, ``parameters``, if wanted ``seconds_s`` and
            ``peak_bytes``, ``text`` where intents were written (by whom; empty for systems that read
            none), and, a metric, ``METRIC spread`` (standard deviation over repetitions).
        metrics: Columns, the first ordering the rows.
        look: Styles and marks of the format.
        letters: Of every system by the first metric, as ``stats.pairs.letters`` makes them; no column
            without.
    """
    first = comparison[comparison["metric"] == metrics[0]].set_index("system")
    order = first["mean"].sort_values(ascending=False, kind="stable").index
    table = pd.DataFrame({"System": order})
    if "text" in costs:
        table["text"] = [costs.at[name, "text"] for name in order]
    for metric in metrics:
        made = _cells(comparison[comparison["metric"] == metric], look)
        table[title(metric)] = [made[system] for system in order]
    spread = f"{metrics[0]} spread"
    table[f"seed SD, {title(metrics[0])}"] = [_number(costs.at[name, spread], ".4f") for name in order]
    table["gain %"] = [_number(first.at[name, "gain_percent"], "+.1f") for name in order]
    table["effect d"] = [_number(first.at[name, "effect"], "+.3f") for name in order]
    table["p (Holm)"] = [probability(first.at[name, "p_holm"]) for name in order]
    if letters:
        table["letters"] = [letters[name] for name in order]
    table["runs"] = [f"{costs.at[name, 'runs']:.0f}" for name in order]
    if "seconds_s" in costs:
        table["s a run"] = [f"{costs.at[name, 'seconds_s']:.1f}" for name in order]
        table["peak MiB"] = [f"{costs.at[name, 'peak_bytes'] / 2**20:.0f}" for name in order]
    table["parameters"] = [f"{costs.at[name, 'parameters']:,.0f}" for name in order]
    return table


def published(found: pd.DataFrame) -> pd.DataFrame:
    """One row a system, one column a metric: our mean / the published number (difference).

    Args:
        found: Columns ``system``, ``metric``, ``here``, ``published`` and ``difference``.
    """
    cells = [f"{row.here:.4f} / {row.published:.4f} ({row.difference:+.4f})" for row in found.itertuples()]
    wide = found.assign(cell=cells).pivot(index="system", columns="metric", values="cell")
    wide = wide.reindex(index=found["system"].unique(), columns=found["metric"].unique())
    wide.columns = [title(metric) for metric in wide.columns]
    return wide.fillna("").rename_axis("System").reset_index()


def strata(found: pd.DataFrame) -> pd.DataFrame:
    """One row a system, one column a stratum: mean [interval], gain over the reference, mark.

    Args:
        found: As ``stats.stratified.by_stratum`` makes it.
    """
    columns = {}
    for (label, users), rows in found.groupby(["stratum", "users"], sort=False, observed=True):
        gains = [f" {_number(gain, '+.1f')} %" if gain == gain else "" for gain in rows["gain_percent"]]
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
        [_signed(row, value, low, high) for row in found.to_dict("records")]
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
            "mean": [_number(means[name], ".4f") for name in found["system"]],
            "without": found["without"],
            "mean without": [_number(value, ".4f") for value in found["mean"]],
            "difference": [
                _signed(row, "difference", "difference_low", "difference_high")
                + MARKDOWN.marks[row["verdict"]]
                for row in rows
            ],
            "%": [_number(value, "+.1f") for value in found["gain_percent"]],
            "p (Holm)": [probability(value) for value in found["p_holm"]],
        }
    )


def _cells(rows: pd.DataFrame, look: Look) -> dict[str, str]:
    """Every system's cell for one metric: mean, interval, mark; best and second styled."""
    place = rows["mean"].rank(method="min", ascending=False)
    made = {}
    for (_, row), rank in zip(rows.iterrows(), place, strict=True):
        style = {1: look.best, 2: look.second}.get(int(rank), "{}")
        mean = style.format(f"{row['mean']:.4f}")
        made[row["system"]] = f"{mean} [{row['low']:.4f}, {row['high']:.4f}]{look.marks[row['verdict']]}"
    return made


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
    words = [name for name in ("System", "text") if name in table]
    escaped = table.rename(columns=tex).assign(**{name: table[name].map(tex) for name in words})
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


def _signed(row: Mapping[Hashable, Any], value: str, low: str, high: str) -> str:
    """A difference with its interval; empty where there is none."""
    if np.isnan(row[value]):
        return ""
    return f"{row[value]:+.4f} [{row[low]:+.4f}, {row[high]:+.4f}]"


def _number(value: float | None, form: str) -> str:
    """A formatted number; empty where there is none."""
    return "" if value is None or np.isnan(value) else format(value, form)


def probability(value: float) -> str:
    """A p as papers print it; empty where there is none."""
    return "" if np.isnan(value) else "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0")
