"""Sparsity curves: means and gains over strata of users."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.report.plots.style import figure, legend_below, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPREAD = 0.5
"""Share of the room between two strata over which systems stand side by side."""


UPRIGHT = 6
"""Strata whose labels have room beside each other."""


def sparsity(
    frame: pd.DataFrame, metric: str, gaining: Collection[str], axis: str = "train pairs of a user"
) -> Figure:
    """Means of every system by stratum, and beside them the gains of some over their references.

    Args:
        frame: As ``stats.stratified.by_stratum`` makes it, strata in their order.
        metric: Title of the metric.
        gaining: Systems with a reference whose gains are shown.
        axis: What the strata are strata of.
    """
    made, (means, gains) = figure(columns=2, width=5.2)
    strata = frame.drop_duplicates("stratum")
    systems = list(frame["system"].unique())
    for place, system in enumerate(systems):
        mine = frame[frame["system"] == system]
        shift = SPREAD * ((place + 0.5) / len(systems) - 0.5)
        at = strata["stratum"].tolist().index
        where = np.array([at(label) for label in mine["stratum"]]) + shift
        _curve(means, where, mine[["mean", "low", "high"]], place, system)
        if system in gaining:
            _curve(gains, where, mine[["difference", "difference_low", "difference_high"]], place, system)
    gains.axhline(0.0, color="black", linewidth=0.8)
    references = sorted(set(frame.loc[frame["system"].isin(gaining), "baseline"]))
    over = references[0] if len(references) == 1 else "the backbone"
    for panel, title in ((means, metric), (gains, f"gain in {metric} over {over}")):
        panel.set(title=title, xlabel=f"{axis} (users)")
        crowded = len(strata) > UPRIGHT
        gap = " " if crowded else "\n"
        labels = [
            f"{label}{gap}({users:,})"
            for label, users in zip(strata["stratum"], strata["users"], strict=True)
        ]
        panel.set_xticks(range(len(strata)), labels, rotation=90 if crowded else 0)
        panel.set_xlim(-0.6, len(strata) - 0.4)
        panel.grid(axis="x", visible=False)
    legend_below(made, means)
    return made


def _curve(panel: Axes, where: np.ndarray, values: pd.DataFrame, place: int, system: str) -> None:
    middle, low, high = values.to_numpy(dtype=float).T
    panel.errorbar(
        where, middle, yerr=[middle - low, high - middle], label=system, elinewidth=0.9, **line(place)
    )
