"""Gains over several rivals, with their intervals, on each dataset: a forest plot."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.report.plots.appearance import COLOURS, MARKERS
from harness.report.plots.style import legend_below, margins, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 0.14
"""Height of one interval, in inches."""

TITLE = 28
"""Letters of a line of a panel's title."""

BEYOND = 60.0
"""Gains beyond this many per cent are drawn at the edge; systems that collapse would hide the others."""


def forest(
    frame: pd.DataFrame, systems: Sequence[str], rivals: Mapping[str, str], metric: str, combined: str
) -> Figure:
    """Draw the gain of each system over each rival; one panel for each rival, one colour for each dataset.

    Args:
        frame: ``dataset``, ``system``, ``question`` (one of the rivals), and the per cents
            ``gain_percent``, ``gain_low`` and ``gain_high``.
        systems: The order of the systems; those that no row names are left out.
        rivals: What a title calls each rival, in the order of the panels. Rivals without rows are left out.
        metric: Title of the metric.
        combined: The name under which ``dataset`` has the gains across datasets. They are drawn in black.
    """
    asked = [rival for rival in rivals if rival in set(frame["question"])]
    systems = [name for name in systems if name in set(frame["system"])]
    datasets = list(frame["dataset"].unique())
    height = 1.0 + ROW * len(systems) * (len(datasets) + 1)
    figure, panels = new_figure(columns=len(asked), width=3.4, height=height)
    step = 1.0 / (len(datasets) + 1)
    for panel, rival in zip(panels, asked, strict=True):
        rows = frame[frame["question"] == rival]
        for number, dataset in enumerate(datasets):
            own = rows[rows["dataset"] == dataset]
            y = [systems.index(name) + step * (number + 1) - 0.5 for name in own["system"]]
            middle, low, high = (
                own[column].clip(-BEYOND, BEYOND) for column in ("gain_percent", "gain_low", "gain_high")
            )
            look = _look(number, is_combined=dataset == combined)
            panel.errorbar(
                middle, y, xerr=margins(middle, low, high), fmt="none", ecolor=look["color"], elinewidth=1.2
            )
            panel.plot(middle, y, linestyle="none", markersize=4, label=dataset, **look)
        for number in range(0, len(systems), 2):  # a band behind every other system guides the eye
            panel.axhspan(number - 0.5, number + 0.5, color="0.96", zorder=0)
        panel.axvline(0.0, color="black", linewidth=0.8)
        panel.set_yticks(range(len(systems)), systems if panel is panels[0] else [""] * len(systems))
        panel.set_ylim(len(systems) - 0.5, -0.5)
        panel.set(title=textwrap.fill(f"over {rivals[rival]}", TITLE), xlabel=f"gain in {metric}, %")
        panel.grid(axis="y", visible=False)
    legend_below(figure, panels[0], columns=5)
    return figure


def _look(number: int, is_combined: bool) -> dict[str, Any]:
    if is_combined:
        return {"color": "black", "marker": "d"}
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
