"""How the time and memory of a training step grow with the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import mark, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def growth(frame: pd.DataFrame) -> Figure:
    """Draw seconds and peak memory of a step over train pairs, one line per system, on logarithmic axes.

    Args:
        frame: ``system``, ``edges``, ``seconds``, ``peak_bytes`` and ``exponent``.
    """
    figure, (seconds, memory) = new_figure(columns=2)
    for index, (system, rows) in enumerate(frame.groupby("system", sort=False)):
        exponent = rows["exponent"].iloc[0]
        label = system if exponent != exponent else f"{system} ({exponent:.2f})"
        seconds.plot(rows["edges"], rows["seconds"], label=label, **mark(index))
        memory.plot(rows["edges"], rows["peak_bytes"] / 2**30, **mark(index))
    titles = ((seconds, "seconds per step (exponent of growth)"), (memory, "peak memory, GiB"))
    for panel, title in titles:
        panel.set(xscale="log", yscale="log", xlabel="train pairs", title=title)
    seconds.legend(fontsize=7, frameon=False)
    return figure
