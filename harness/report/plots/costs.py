"""Accuracy against cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import figure, legend_below, mark

if TYPE_CHECKING:
    from matplotlib.figure import Figure


ROOM = 1.5
"""Factor of seconds left free beside the fastest and the slowest."""


def costs(frame: pd.DataFrame, metric: str) -> Figure:
    """Every system's mean with its interval over the seconds of a run; a line joins the undominated.

    Args:
        frame: ``system``, ``mean``, ``low``, ``high`` and ``seconds_s``, one row a system.
        metric: Title of the metric.
    """
    from matplotlib.ticker import NullFormatter

    made, (panel,) = figure(width=6.4)
    panel.set_xscale("log")
    for place, row in enumerate(frame.itertuples()):
        reach = [[row.mean - row.low], [row.high - row.mean]]
        panel.errorbar(
            row.seconds_s,
            row.mean,
            yerr=reach,
            label=row.system,
            linestyle="",
            elinewidth=0.9,
            markersize=7,
            **mark(place),
        )
    front = frame.sort_values(["seconds_s", "mean"], ascending=[True, False])
    front = front[front["mean"] > front["mean"].cummax().shift(fill_value=-1.0)]
    panel.step(front["seconds_s"], front["mean"], where="post", color="0.5", linewidth=0.9, zorder=1)
    panel.set(xlabel="seconds a run", ylabel=metric)
    low, high = frame["seconds_s"].min() / ROOM, frame["seconds_s"].max() * ROOM
    panel.set_xlim(low, high)
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_formatter("{x:g}" if high < 10 * low else NullFormatter())
    legend_below(made, panel)
    return made
