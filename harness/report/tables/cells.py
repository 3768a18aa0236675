"""Cells of tables: numbers, differences, p values and titles as a reader sees them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def title(metric: str) -> str:
    """Return the title of a metric as papers print it, such as ``NDCG@20`` for ``ndcg@20``."""
    name, _, k = metric.partition("@")
    upper = name.upper() if name in ("ndcg", "mrr", "map") else name.capitalize()
    return f"{upper}@{k}" if k else upper


def cross_table(
    frame: pd.DataFrame,
    down: str,
    across: str,
    column: str,
    form: str = "",
    order: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Make a table with one row per value of ``down`` and one column per value of ``across``.

    Args:
        frame: Columns ``down``, ``across`` and ``column``; each pair of values is in it at most once. The
            cells of other pairs are empty.
        down: Column with the names of the rows, which keep their order.
        across: Column with the names of the columns, which keep their order if ``order`` is None.
        column: Column with the values of the cells.
        form: Format of the values, as in :func:`format`.
        order: Names of all columns of the table, including those that are not in ``frame``.
    """
    wide = frame.pivot(index=down, columns=across, values=column)
    columns = frame[across].unique() if order is None else list(order)
    cells = wide.reindex(index=frame[down].unique(), columns=columns).map(
        lambda value: "" if pd.isna(value) else format(value, form)
    )
    return cells.set_axis([str(value) for value in columns], axis="columns").reset_index()


def with_interval(row: Mapping[Hashable, Any], value: str, low: str, high: str) -> str:
    """Format the difference in column ``value`` with its interval; empty if the difference is NaN."""
    if np.isnan(row[value]):
        return ""
    return f"{row[value]:+.4f} [{row[low]:+.4f}, {row[high]:+.4f}]"


def number(value: float | None, form: str) -> str:
    """Format a number; empty if it is None or NaN."""
    return "" if value is None or np.isnan(value) else format(value, form)


def probability(value: float) -> str:
    """Format a p for a cell, as papers print it; empty if it is NaN."""
    return "" if np.isnan(value) else "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0")


def counted(count: int, noun: str) -> str:
    """Format a count with its noun: ``1 test``, ``2 tests``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def p_value(value: float) -> str:
    """Format a p for a sentence: ``p < .001`` or ``p .034``."""
    return "p " + probability(value).replace("<", "< ")
