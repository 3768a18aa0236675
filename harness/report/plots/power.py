"""Power curves: how often a test finds a difference of a given size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.appearance import in_order
from harness.report.plots.style import legend_below, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def power(frame: pd.DataFrame) -> Figure:
    """Draw the share of simulated comparisons that found a true difference, over the size of it.

    A line shows what is predicted.

    Args:
        frame: The rows of ``stats.null_tables.found_differences`` with a column ``dataset``. The rows of one
            dataset and size are averaged.
    """
    figure, (panel,) = new_figure(width=5.6)
    means = frame.groupby(["dataset", "multiple"], sort=False)[["seen", "predicted"]].mean().reset_index()
    looks = in_order(means["dataset"].unique())
    for dataset, rows in means.groupby("dataset", sort=False):
        panel.plot(rows["multiple"], rows["seen"], linestyle="", label=dataset, **looks[dataset].mark)
    predicted = means.groupby("multiple")["predicted"].mean()
    label = "prediction"
    panel.plot(predicted.index, predicted, color="0.4", linewidth=1.0, zorder=1, label=label)
    panel.axhline(0.8, color="0.4", linewidth=0.8, linestyle=":")
    panel.set(
        xlabel="true difference / difference predicted to be found in 80 %",
        ylabel="share of comparisons that find it",
        ylim=(0, 1.03),
    )
    legend_below(figure, panel, columns=2)
    return figure
