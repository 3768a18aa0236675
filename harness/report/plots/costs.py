"""Accuracy against cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.appearance import Appearances, in_order
from harness.report.plots.style import legend_beside, logarithmic, new_figure, with_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MARGIN = 1.5
"""The axis begins at the fewest seconds divided by this, and ends at the most seconds times this."""


def costs(frame: pd.DataFrame, metric: str, looks: Appearances | None = None) -> Figure:
    """Draw every system's mean and interval over the seconds that one of its runs takes.

    A line joins the systems that no other system beats with fewer seconds.

    Args:
        frame: One row per system: ``system``, ``mean``, ``low``, ``high`` and ``seconds_s``.
        metric: Title of the metric.
        looks: The appearance of each system; by default in the order of the rows.
    """
    looks = looks or in_order(frame["system"])
    figure, (panel,) = new_figure(width=with_names(5.6, frame["system"].tolist()))
    panel.set_xscale("log")
    for row in frame.itertuples():
        panel.errorbar(
            row.seconds_s,
            row.mean,
            yerr=[[row.mean - row.low], [row.high - row.mean]],
            label=row.system,
            linestyle="",
            elinewidth=0.9,
            markersize=7,
            **looks[row.system].mark,
        )
    front = frame.sort_values(["seconds_s", "mean"], ascending=[True, False])
    front = front[front["mean"] > front["mean"].cummax().shift(fill_value=-1.0)]
    panel.step(front["seconds_s"], front["mean"], where="post", color="0.5", linewidth=0.9, zorder=1)
    panel.set(xlabel="seconds per run", ylabel=metric)
    low, high = frame["seconds_s"].min() / MARGIN, frame["seconds_s"].max() * MARGIN
    panel.set_xlim(low, high)
    logarithmic(panel.xaxis, low, high)
    legend_beside(figure, panel)
    return figure
