"""Leaderboards: all systems of a dataset, and those with published numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from harness.report.tables.cells import crossed, number, probability, title
from harness.report.tables.markup import Look


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
    table[f"seed SD, {title(metrics[0])}"] = [number(costs.at[name, spread], ".4f") for name in order]
    table["gain %"] = [number(first.at[name, "gain_percent"], "+.1f") for name in order]
    table["effect d"] = [number(first.at[name, "effect"], "+.3f") for name in order]
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
    shown = found.assign(cell=cells, metric=found["metric"].map(title))
    return crossed(shown.rename(columns={"system": "System"}), "System", "metric", "cell")


def _cells(rows: pd.DataFrame, look: Look) -> dict[str, str]:
    """Every system's cell for one metric: mean, interval, mark; best and second styled."""
    place = rows["mean"].rank(method="min", ascending=False)
    made = {}
    for (_, row), rank in zip(rows.iterrows(), place, strict=True):
        style = {1: look.best, 2: look.second}.get(int(rank), "{}")
        mean = style.format(f"{row['mean']:.4f}")
        made[row["system"]] = f"{mean} [{row['low']:.4f}, {row['high']:.4f}]{look.marks[row['verdict']]}"
    return made
