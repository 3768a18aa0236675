"""Ablation bars: what a system loses with each part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.report.plots.style import bar, figure, legend_below

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ablation(frame: pd.DataFrame, metric: str) -> Figure:
    """Difference of every variant from its full system; bars start at the full system's mean, zero.

    Args:
        frame: ``system`` (the full one), ``variant``, ``difference``, ``difference_low`` and
            ``difference_high``; one row each.
        metric: Title of the metric.
    """
    systems, variants = list(frame["system"].unique()), list(frame["variant"].unique())
    made, (panel,) = figure(width=max(5.2, 1.2 + 0.42 * len(systems) * (len(variants) + 1)))
    room = 0.8 / len(variants)
    own = frame.groupby("system")["variant"]
    frame = frame.assign(
        at=frame["system"].map(systems.index) + room * (own.cumcount() - (own.transform("size") - 1) / 2)
    )
    for place, variant in enumerate(variants):
        mine = frame[frame["variant"] == variant]
        middle = mine["difference"]
        reach = np.stack([middle - mine["difference_low"], mine["difference_high"] - middle])
        panel.bar(
            mine["at"],
            middle,
            width=0.9 * room,
            yerr=reach,
            error_kw={"elinewidth": 1.0, "capsize": 2.0},
            label=variant,
            **bar(place),
        )
    panel.axhline(0.0, color="black", linewidth=0.8)
    panel.set_xticks(range(len(systems)), systems)
    panel.set_ylabel(f"{metric}, less the full system's")
    panel.grid(axis="x", visible=False)
    legend_below(made, panel)
    return made
