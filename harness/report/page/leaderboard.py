"""The columns and cells of a dataset's leaderboard on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from harness.report import tables

MARKS = {"better": "▲", "worse": "▼", "equal": "=", "undecided": "?", "": ""}
"""Signs of the verdicts, which can be told apart without colours."""

SHOWN_MARKS = ("better", "worse", "equal")
"""Verdicts whose signs stand beside a mean."""

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
    def is_number(self) -> bool:
        """Whether it begins with a number, and is therefore set to the right."""
        return bool(re.match(r"[<+-]?[.\d]", self.text))

    @property
    def mark(self) -> str:
        """The verdict's sign."""
        return MARKS.get(self.verdict, "")


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


def leaderboard(board: pd.DataFrame, frame: pd.DataFrame, kinds: Mapping[str, str]) -> Leaderboard:
    """Make a dataset's table from that of the Markdown, with bars, and with columns that a reader may add.

    Args:
        board: The cells of the Markdown table as text, from ``tables.leaderboard``.
        frame: The rows of leaderboard.csv of the dataset.
        kinds: The kind of each system.
    """
    of_metric = {str(metric): own for metric, own in frame.groupby("metric", sort=False)}
    best_first = next(iter(of_metric.values())).sort_values("mean", ascending=False, kind="stable")
    systems = tuple(best_first["system"])  # in the order of the Markdown table
    rows = {metric: own.set_index("system").loc[list(systems)] for metric, own in of_metric.items()}
    titles = {tables.title(metric): metric for metric in rows}
    first = next(iter(rows.values()))
    columns = []
    for title in board.columns[1:]:
        if title in titles:
            columns.append(_measured(title, board[title], rows[titles[title]]))
        elif title == "verdict":
            columns.append(_verdicts(board[title], first))
        else:
            columns.append(Column(title, "tests and costs", tuple(Cell(text) for text in board[title])))
    columns += _more(first, list(rows))
    of_system = tuple(kinds.get(name, "") for name in systems)
    return Leaderboard(str(frame["dataset"].iloc[0]), systems, of_system, tuple(columns))


def _measured(title: str, texts: pd.Series, rows: pd.DataFrame) -> Column:
    """A metric with intervals: text, bar and verdict."""
    low = rows["low"].fillna(rows["mean"]).min()
    high = rows["high"].fillna(rows["mean"]).max()

    def at(value: float) -> float:
        return round(BAR * (value - low) / (high - low), 1) if high > low else BAR / 2

    cells = []
    for text, row in zip(texts, rows.to_dict("records"), strict=True):
        bar = None if pd.isna(row["low"]) else Bar(at(row["low"]), at(row["mean"]), at(row["high"]))
        verdict = row["verdict"] if row["verdict"] in SHOWN_MARKS else ""
        plain = str(text).rstrip(" ▲▼=")
        cells.append(Cell(plain, str(row["mean"]), bar, verdict, row["mean"] == rows["mean"].max()))
    return Column(title, "metrics with intervals", tuple(cells))


def _verdicts(texts: pd.Series, rows: pd.DataFrame) -> Column:
    """The verdicts with their signs. The best baseline, which has none, is called so."""
    best = set(rows["baseline"].dropna())
    cells = [
        Cell("best baseline" if name in best and not text else str(text), verdict=str(text))
        for name, text in zip(rows.index, texts, strict=True)
    ]
    return Column("verdict", "tests and costs", tuple(cells))


def _more(rows: pd.DataFrame, shown: list[str]) -> list[Column]:
    """Means of all other metrics and cut-offs, and measures of the lists as a whole; hidden at first."""
    names = [name.removeprefix("mean ") for name in rows if name.startswith("mean ")]
    columns = [
        Column(tables.title(name), "other metrics", _numbers(rows[f"mean {name}"], ".4f"), is_shown=False)
        for name in names
        if name not in shown
    ]
    facts = [name for name in rows if name.partition("@")[0] in OTHER_FACTS]
    return columns + [
        Column(tables.title(name), "the lists as a whole", _numbers(rows[name], ".4g"), is_shown=False)
        for name in facts
    ]


def _numbers(values: pd.Series, form: str) -> tuple[Cell, ...]:
    return tuple(
        Cell("") if pd.isna(value) else Cell(format(value, form), str(float(value))) for value in values
    )
