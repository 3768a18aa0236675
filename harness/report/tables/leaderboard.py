"""The leaderboard of a dataset, and the table of published numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from harness.report.tables.cells import bounds, cross_table, number, probability, title
from harness.report.tables.markup import Look, Markup


def leaderboard(
    comparison: pd.DataFrame,
    costs: pd.DataFrame,
    metrics: Sequence[str],
    look: Look,
    letters: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Make the leaderboard of a dataset, the best system first.

    Args:
        comparison: From ``sections.leaderboard.compared``, of every metric.
        costs: One row per system; index ``system``. Columns: ``runs``, ``flag`` (a mark if one of them is
            odd), ``parameters``, and ``METRIC spread`` (standard deviation over repetitions) for the first
            metric. Optional are ``seconds_s``, ``peak_bytes`` and ``cpu_s``; ``trials`` and
            ``tuning_cpu_s`` of a tuned plan; ``beats`` (whether it beats every simple baseline); ``text``,
            which says who wrote the intents that a system reads (empty if it reads none); and ``external``,
            which is ``yes`` for systems that were trained elsewhere.
        metrics: Metrics with a column; the first orders the rows.
        look: Styles and marks of the output format.
        letters: Each system's letters by the first metric, from ``stats.pairs.letters``. Without them the
            table has no such column.
    """
    first = comparison[comparison["metric"] == metrics[0]].set_index("system")
    order = first["mean"].sort_values(ascending=False, kind="stable").index
    marks = costs["external"].map({"yes": " (external)", "": ""}) if "external" in costs else {}
    table = pd.DataFrame({"System": [f"{name}{marks.get(name, '')}" for name in order]})
    if "text" in costs:
        table["text"] = [costs.at[name, "text"] for name in order]
    for metric in metrics:
        cells = _metric_cells(comparison[comparison["metric"] == metric], look)
        table[title(metric)] = [cells[system] for system in order]
    spread = f"{metrics[0]} spread"
    table[f"SD of runs, {title(metrics[0])}"] = [number(costs.at[name, spread], ".4f") for name in order]
    table["gain %"] = [_gain(first.loc[name]) for name in order]
    table["p (Holm)"] = [probability(first.at[name, "p_holm"]) for name in order]
    table["verdict"] = [first.at[name, "verdict"] for name in order]
    if "beats" in costs:
        table["beats every tuned simple baseline"] = [costs.at[name, "beats"] for name in order]
    if letters:
        table["letters"] = [letters.get(name, "") for name in order]
    table["runs"] = [f"{costs.at[name, 'runs']:.0f}{costs.at[name, 'flag']}" for name in order]
    if "trials" in costs:
        trials = {name: number(costs.at[name, "trials"], ".0f") for name in order}
        table["tuned"] = [f"{trials[name]} trials" if trials[name] else "" for name in order]
    if "seconds_s" in costs:
        table["s a run"] = [number(costs.at[name, "seconds_s"], ".1f") for name in order]
        table["peak MiB"] = [number(costs.at[name, "peak_bytes"] / 2**20, ".0f") for name in order]
    if "cpu_s" in costs and costs["cpu_s"].notna().any():
        table["CPU s a result"] = [number(_of_a_result(costs.loc[name]), ".1f") for name in order]
    table["parameters"] = [number(costs.at[name, "parameters"], ",.0f") for name in order]
    return table


def published(joined: pd.DataFrame) -> pd.DataFrame:
    """Make a table with one row per system and one column per metric.

    A cell shows our mean / the published number (their difference).

    Args:
        joined: Columns ``system``, ``metric``, ``here``, ``published`` and ``difference``.
    """
    cells = [f"{row.here:.4f} / {row.published:.4f} ({row.difference:+.4f})" for row in joined.itertuples()]
    titled = joined.assign(cell=cells, metric=joined["metric"].map(title))
    return cross_table(titled.rename(columns={"system": "System"}), "System", "metric", "cell")


def _of_a_result(costs: pd.Series) -> float:
    """Seconds on the processor that one result costs: a run, and the search before it if the plan tunes."""
    return float(costs["cpu_s"] + costs.get("tuning_cpu_s", 0.0))


def _gain(row: pd.Series) -> str:
    """A gain with its interval, in per cent; empty without one."""
    if pd.isna(row["gain_percent"]):
        return ""
    return f"{row['gain_percent']:+.1f}{bounds(row['gain_low'], row['gain_high'], '+.1f')}"


def _metric_cells(rows: pd.DataFrame, look: Look) -> dict[str, str]:
    """Return every system's cell for one metric: mean, interval and mark; the best two means are styled."""
    ranks = rows["mean"].rank(method="min", ascending=False)
    cells: dict[str, str] = {}
    for (_, row), rank in zip(rows.iterrows(), ranks, strict=True):
        style = {1: look.best, 2: look.second}.get(int(rank), "{}")
        mean = style.format(f"{row['mean']:.4f}")
        cells[row["system"]] = Markup(f"{mean}{bounds(row['low'], row['high'])}{look.marks[row['verdict']]}")
    return cells
