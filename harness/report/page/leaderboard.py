"""The columns and cells of a dataset's leaderboard on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from harness.report import tables
from harness.report.tables.cells import bounds, probability

MARKS = {"better": "▲", "worse": "▼", "equal": "=", "undecided": "?", "": ""}
"""Signs of the verdicts, which can be told apart without colours."""

BAR = 100.0
"""Length of the axis on which a column's intervals are drawn."""

OTHER_FACTS = ("coverage", "gini", "popularity", "tied")
"""Measures of the lists as a whole, whose columns are hidden at first."""


@dataclass(frozen=True)
class Bar:
    """An interval on an axis from 0 to BAR that all systems of a column share."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: What it shows.
        value: The number by which the column is sorted; empty for none.
        bar: Its interval.
        verdict: The verdict that its mark shows.
        is_best: Whether it is the best mean of the column.
    """

    text: str
    value: str = ""
    bar: Bar | None = None
    verdict: str = ""
    is_best: bool = False

    @property
    def mark(self) -> str:
        """The verdict's sign."""
        return MARKS[self.verdict]


@dataclass(frozen=True)
class Column:
    """A column with a cell for each system, the best system first.

    Attributes:
        title: Its title.
        group: The heading under which a reader finds it among all columns.
        cells: Its cells.
        is_shown: Whether it can be seen at first.
    """

    title: str
    group: str
    cells: tuple[Cell, ...]
    is_shown: bool = True


@dataclass(frozen=True)
class Leaderboard:
    """A dataset's table: names and kinds of the systems, and all columns."""

    dataset: str
    systems: tuple[str, ...]
    kinds: tuple[str, ...]
    columns: tuple[Column, ...]


def leaderboard(frame: pd.DataFrame, kinds: Mapping[str, str]) -> Leaderboard:
    """Make a dataset's table from the rows of leaderboard.csv, the best system by the first metric first.

    Args:
        frame: The rows of one dataset.
        kinds: The kind of each system.
    """
    metrics = list(frame["metric"].unique())
    first = frame[frame["metric"] == metrics[0]].sort_values("mean", ascending=False, kind="stable")
    order = list(first["system"])
    rows = {metric: frame[frame["metric"] == metric].set_index("system").loc[order] for metric in metrics}
    columns = [_measured(tables.title(metric), rows[metric]) for metric in metrics]
    columns += _other_metrics(rows[metrics[0]], metrics)
    columns += _tested(rows[metrics[0]]) + _costs(rows[metrics[0]], metrics[0])
    of_system = [_kind(first.iloc[place], kinds) for place in range(len(order))]
    return Leaderboard(str(frame["dataset"].iloc[0]), tuple(order), tuple(of_system), tuple(columns))


def _kind(row: pd.Series, kinds: Mapping[str, str]) -> str:
    """A system's kind. Lists from elsewhere have a mark of their own in the rows."""
    mark = row.get("external", "")
    return "external" if pd.notna(mark) and mark else kinds.get(str(row["system"]), "")


def _measured(title: str, rows: pd.DataFrame) -> Column:
    """A metric with intervals: text, bar and mark."""
    low = rows["low"].fillna(rows["mean"]).min()
    high = rows["high"].fillna(rows["mean"]).max()

    def at(value: float) -> float:
        return round(BAR * (value - low) / (high - low), 1) if high > low else BAR / 2

    cells = []
    for row in rows.to_dict("records"):
        bar = None if pd.isna(row["low"]) else Bar(at(row["low"]), at(row["mean"]), at(row["high"]))
        text = f"{row['mean']:.4f}{bounds(row['low'], row['high'])}"
        verdict = row["verdict"] if row["verdict"] in ("better", "worse", "equal") else ""
        cells.append(Cell(text, str(row["mean"]), bar, verdict, row["mean"] == rows["mean"].max()))
    return Column(title, "metrics with intervals", tuple(cells))


def _other_metrics(rows: pd.DataFrame, shown: list[str]) -> list[Column]:
    """Means of all other metrics and cut-offs, and measures of the lists as a whole; hidden at first."""
    names = [name.removeprefix("mean ") for name in rows if name.startswith("mean ")]
    columns = [
        _plain(tables.title(name), "other metrics", rows[f"mean {name}"], lambda value: f"{value:.4f}", False)
        for name in names
        if name not in shown
    ]
    facts = [name for name in rows if name.partition("@")[0] in OTHER_FACTS]
    return columns + [
        _plain(tables.title(name), "the lists as a whole", rows[name], lambda value: f"{value:.4g}", False)
        for name in facts
    ]


def _tested(rows: pd.DataFrame) -> list[Column]:
    """The comparison with the best baseline."""
    gains = []
    for row in rows.to_dict("records"):
        gain = row["gain_percent"]
        text = "" if pd.isna(gain) else f"{gain:+.1f}{bounds(row['gain_low'], row['gain_high'], '+.1f')}"
        gains.append(Cell(text, "" if pd.isna(gain) else str(gain)))
    best = set(rows["baseline"].dropna())
    verdicts = [
        Cell("best baseline" if name in best and not verdict else verdict, verdict=verdict)
        for name, verdict in zip(rows.index, rows["verdict"].fillna(""), strict=True)
    ]
    columns = [
        Column("gain %", "against the best baseline", tuple(gains)),
        _plain("p (Holm)", "against the best baseline", rows["p_holm"], probability),
        Column("verdict", "against the best baseline", tuple(verdicts)),
    ]
    if "beats" in rows:
        cells = tuple(Cell(str(answer)) for answer in rows["beats"])
        columns.append(Column("beats every tuned simple baseline", "against the best baseline", cells))
    return columns


def _costs(rows: pd.DataFrame, metric: str) -> list[Column]:
    """Runs, their spread, and what they cost."""
    spread = f"{metric} spread"
    columns = [
        _plain(f"SD of runs, {tables.title(metric)}", "runs", rows[spread], lambda value: f"{value:.4f}"),
        _plain("runs", "runs", rows["runs"], lambda value: f"{value:.0f}"),
    ]
    if "seconds_s" in rows:
        columns.append(_plain("s a run", "costs", rows["seconds_s"], lambda value: f"{value:.1f}"))
        mebibytes = rows["peak_bytes"] / 2**20
        columns.append(_plain("peak MiB", "costs", mebibytes, lambda value: f"{value:.0f}"))
    columns.append(_plain("parameters", "costs", rows["parameters"], lambda value: f"{value:,.0f}"))
    return columns


def _plain(
    title: str, group: str, values: pd.Series, write: Callable[[Any], str], is_shown: bool = True
) -> Column:
    cells = [Cell("") if pd.isna(value) else Cell(write(value), str(float(value))) for value in values]
    return Column(title, group, tuple(cells), is_shown)
