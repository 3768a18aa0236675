"""Numbers and titles as a reader sees them, and tables of such cells."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def title(metric: str) -> str:
    """Column title of a metric, as papers print it."""
    name, _, k = metric.partition("@")
    upper = name.upper() if name in ("ndcg", "mrr", "map") else name.capitalize()
    return f"{upper}@{k}"


def crossed(
    frame: pd.DataFrame,
    down: str,
    across: str,
    column: str,
    form: str = "",
    order: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row a value of ``down``, one column a value of ``across``; gaps are empty.

    Args:
        frame: Columns ``down``, ``across`` and ``column``, each pair once.
        down: The rows, in the order in which they come.
        across: The columns, in the order in which they come, or in ``order``.
        column: What the cells show.
        form: How they are written.
        order: Every column, those that ``frame`` lacks too.
    """
    wide = frame.pivot(index=down, columns=across, values=column)
    columns = frame[across].unique() if order is None else list(order)
    cells = wide.reindex(index=frame[down].unique(), columns=columns).map(
        lambda value: "" if pd.isna(value) else format(value, form)
    )
    return cells.set_axis([str(value) for value in columns], axis="columns").reset_index()


def signed(row: Mapping[Hashable, Any], value: str, low: str, high: str) -> str:
    """A difference with its interval; empty where there is none."""
    if np.isnan(row[value]):
        return ""
    return f"{row[value]:+.4f} [{row[low]:+.4f}, {row[high]:+.4f}]"


def number(value: float | None, form: str) -> str:
    """A formatted number; empty where there is none."""
    return "" if value is None or np.isnan(value) else format(value, form)


def probability(value: float) -> str:
    """A p in a cell, as papers print it; empty where there is none."""
    return "" if np.isnan(value) else "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0")


def p_value(value: float) -> str:
    """A p in a sentence: ``p < .001`` or ``p .034``."""
    return "p " + probability(value).replace("<", "< ")
