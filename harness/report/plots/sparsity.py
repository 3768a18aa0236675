"""Means and gains of systems over strata of users or items."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.report.plots.style import legend_below, line, margins, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPREAD = 0.5
"""Systems stand side by side over this share of the distance between two strata."""


MOST_UPRIGHT = 6
"""With more strata than this, their labels are rotated to fit."""


def sparsity(
    frame: pd.DataFrame, metric: str, gaining: Collection[str], axis: str = "train pairs of a user"
) -> Figure:
    """Draw the means of every system by stratum, and beside them the gains of some over their references.

    Args:
        frame: From ``stats.stratified.by_stratum``, the strata in their order.
        metric: Title of the metric.
        gaining: Systems whose gains are drawn.
        axis: What the strata are made by.
    """
    figure, (means, gains) = new_figure(columns=2, width=5.2)
    strata = frame.drop_duplicates("stratum")
    labels = strata["stratum"].tolist()
    systems = list(frame["system"].unique())
    for index, system in enumerate(systems):
        rows = frame[frame["system"] == system]
        shift = SPREAD * ((index + 0.5) / len(systems) - 0.5)
        x = np.array([labels.index(label) for label in rows["stratum"]]) + shift
        _curve(means, x, rows[["mean", "low", "high"]], index, system)
        if system in gaining:
            _curve(gains, x, rows[["difference", "difference_low", "difference_high"]], index, system)
    gains.axhline(0.0, color="black", linewidth=0.8)
    references = sorted(set(frame.loc[frame["system"].isin(gaining), "baseline"]))
    reference = references[0] if len(references) == 1 else "the backbone"
    for panel, title in ((means, metric), (gains, f"gain in {metric} over {reference}")):
        panel.set(title=title, xlabel=f"{axis} (number of users)")
        _label_strata(panel, strata)
    legend_below(figure, means)
    return figure


def _label_strata(panel: Axes, strata: pd.DataFrame) -> None:
    """Write each stratum's label and number of users under its place on the axis."""
    rotated = len(strata) > MOST_UPRIGHT
    separator = " " if rotated else "\n"
    labels = [
        f"{label}{separator}({users:,})"
        for label, users in zip(strata["stratum"], strata["users"], strict=True)
    ]
    panel.set_xticks(range(len(strata)), labels, rotation=90 if rotated else 0)
    panel.set_xlim(-0.6, len(strata) - 0.4)
    panel.grid(axis="x", visible=False)


def _curve(panel: Axes, x: np.ndarray, values: pd.DataFrame, index: int, system: str) -> None:
    """Draw one system's values with their intervals; columns of ``values``: middle, low, high."""
    middle, low, high = values.to_numpy(dtype=float).T
    panel.errorbar(x, middle, yerr=margins(middle, low, high), label=system, elinewidth=0.9, **line(index))
