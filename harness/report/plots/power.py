"""Power curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import figure, legend_below, mark

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def power(frame: pd.DataFrame) -> Figure:
    """Share of simulated comparisons that saw a true difference, over its size; a line is the prediction.

    Args:
        frame: As ``stats.simulation.power`` makes it, with a column ``dataset``; several sources of one
            dataset are averaged.
    """
    made, (panel,) = figure(width=5.6)
    means = frame.groupby(["dataset", "multiple"], sort=False)[["seen", "predicted"]].mean().reset_index()
    for place, (dataset, mine) in enumerate(means.groupby("dataset", sort=False)):
        panel.plot(mine["multiple"], mine["seen"], linestyle="", label=dataset, **mark(place))
    line = means.groupby("multiple")["predicted"].mean()
    panel.plot(line.index, line, color="0.4", linewidth=1.0, zorder=1, label="paired t-test, predicted")
    panel.axhline(0.8, color="0.4", linewidth=0.8, linestyle=":")
    panel.set(xlabel="true difference / smallest difference to be seen", ylabel="share seen", ylim=(0, 1.03))
    legend_below(made, panel, columns=2)
    return made
