"""How a step grows with the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import figure, mark

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def growth(frame: pd.DataFrame) -> Figure:
    """Seconds and peak memory of a step over edges, one line a system, both axes logarithmic.

    ``frame`` has columns ``system``, ``edges``, ``seconds``, ``peak_bytes`` and ``exponent``.
    """
    made, (seconds, memory) = figure(columns=2)
    for place, (system, mine) in enumerate(frame.groupby("system", sort=False)):
        slope = mine["exponent"].iloc[0]
        label = system if slope != slope else f"{system} ({slope:.2f})"
        seconds.plot(mine["edges"], mine["seconds"], label=label, **mark(place))
        memory.plot(mine["edges"], mine["peak_bytes"] / 2**30, **mark(place))
    for panel, title in ((seconds, "seconds a step (exponent)"), (memory, "peak memory, GiB")):
        panel.set(xscale="log", yscale="log", xlabel="train pairs", title=title)
    seconds.legend(fontsize=7, frameon=False)
    return made
