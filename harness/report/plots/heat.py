"""Heat maps of a metric over the values of two hyper-parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.report.plots.style import new_figure, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def heat(frame: pd.DataFrame, across: str, down: str, value: str, metric: str) -> Figure:
    """Draw a cell for every pair of values, with a frame around the best.

    Light cells are high, in colour and in grey.

    Args:
        frame: One row per pair: the columns ``across``, ``down`` and ``value``; pairs may be missing.
        across: Hyper-parameter on the horizontal axis.
        down: Hyper-parameter on the vertical axis.
        value: Column with the numbers that are shown.
        metric: Title of the metric.
    """
    from matplotlib.patches import Rectangle

    grid = frame.pivot(index=down, columns=across, values=value)
    cells = grid.to_numpy(dtype=float)
    rows, columns = cells.shape
    figure, (panel,) = new_figure(width=max(3.6, 1.8 + 0.75 * columns), height=max(2.6, 1.4 + 0.45 * rows))
    panel.grid(visible=False)
    image = panel.imshow(cells, cmap="viridis", aspect="auto")
    middle = (np.nanmin(cells) + np.nanmax(cells)) / 2.0
    for (row, column), cell in np.ndenumerate(cells):
        ink = "black" if cell > middle else "white"
        text = "" if np.isnan(cell) else f"{cell:.4f}"
        panel.text(column, row, text, ha="center", va="center", color=ink, fontsize=9)
    row, column = np.unravel_index(np.nanargmax(cells), cells.shape)
    frame_of_best = Rectangle(
        (column - 0.47, row - 0.47), 0.94, 0.94, fill=False, edgecolor="#D55E00", lw=2.5
    )
    panel.add_patch(frame_of_best)
    panel.set_xticks(range(columns), [number(name) for name in grid.columns])
    panel.set_yticks(range(rows), [number(name) for name in grid.index])
    panel.set(xlabel=across, ylabel=down, title=metric)
    figure.colorbar(image, ax=panel, format="%.4f")
    return figure
