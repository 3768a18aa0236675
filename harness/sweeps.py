"""Variants of one dataset side by side: systems by densities, windows of time, or twins."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def side_by_side(frame: pd.DataFrame, variants: Sequence[str], column: str, form: str) -> pd.DataFrame:
    """One row a system, one column a variant of a dataset.

    Args:
        frame: Columns ``dataset``, ``system`` and ``column``, each pair once.
        variants: The variants' names, in order.
        column: What the cells show.
        form: How they are written; a system that a variant lacks has an empty cell.
    """
    wide = frame.pivot(index="system", columns="dataset", values=column)
    wide = wide.reindex(index=frame["system"].unique(), columns=list(variants))
    cells = wide.map(lambda value: "" if pd.isna(value) else format(value, form))
    cells.columns = [name.partition("@")[2] or "whole" for name in variants]
    return cells.rename_axis("System").reset_index()
