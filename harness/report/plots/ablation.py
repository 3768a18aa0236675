"""Bars for ablations: how much a system loses without each of its terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.appearance import Appearances, in_order
from harness.report.plots.style import LETTER, hatch, margins, new_figure, with_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ablation(frame: pd.DataFrame, metric: str, looks: Appearances | None = None) -> Figure:
    """Draw the difference of every variant from its full system, which is the line at 0.

    Bars have the colour of their system, and a hatch for the terms that they lack.

    Args:
        frame: One row per variant: ``system`` (the full one), ``variant``, ``difference``,
            ``difference_low`` and ``difference_high``.
        metric: Title of the metric.
        looks: The appearance of each system; by default in the order of the rows.
    """
    from matplotlib.patches import Patch

    systems, variants = list(frame["system"].unique()), list(frame["variant"].unique())
    looks = looks or in_order(systems)
    width = max(4.8, 1.2 + 0.42 * len(systems) * (len(variants) + 1))
    figure, (panel,) = new_figure(width=with_names(width, variants))
    spacing = 0.8 / len(variants)
    of_system = frame.groupby("system")["variant"]
    offset = spacing * (of_system.cumcount() - (of_system.transform("size") - 1) / 2)
    frame = frame.assign(x=frame["system"].map(systems.index) + offset)
    for index, variant in enumerate(variants):
        rows = frame[frame["variant"] == variant]
        difference = rows["difference"]
        errors = margins(difference, rows["difference_low"], rows["difference_high"])
        colours = [looks[system].colour for system in rows["system"]]
        panel.bar(rows["x"], difference, width=0.9 * spacing, facecolor=colours, **hatch(index))
        panel.errorbar(
            rows["x"], difference, yerr=errors, fmt="none", ecolor="black", elinewidth=1.0, capsize=2.0
        )
    panel.axhline(0.0, color="black", linewidth=0.8)
    slot = width / len(systems)  # in inches; longer names are turned
    is_turned = LETTER * max(map(len, systems)) > slot
    panel.set_xticks(
        range(len(systems)),
        systems,
        rotation=25 if is_turned else 0,
        horizontalalignment="right" if is_turned else "center",
    )
    panel.set_ylabel(f"{metric} minus that of the full system")
    panel.grid(axis="x", visible=False)
    hatches = [Patch(facecolor="0.45", **hatch(index)) for index in range(len(variants))]
    figure.legend(hatches, variants, loc="outside right upper", title="without", frameon=False, fontsize=9)
    return figure
