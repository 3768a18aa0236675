"""One number of every system over a few settings: values of a hyper-parameter, windows of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import figure, legend_below, line, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(frame: pd.DataFrame, axis: str, title: str, *, log: bool = False) -> Figure:
    """A curve a system over settings that stand at equal distances.

    Args:
        frame: ``system``, ``at`` (the setting, in order), ``mean`` and, for intervals, ``low`` and ``high``.
        axis: What the settings are.
        title: What is shown.
        log: Whether the numbers stand on a logarithmic axis.
    """
    made, (panel,) = figure()
    settings = list(dict.fromkeys(frame["at"]))
    for place, (system, mine) in enumerate(frame.groupby("system", sort=False)):
        where = [settings.index(at) for at in mine["at"]]
        reach = [mine["mean"] - mine["low"], mine["high"] - mine["mean"]] if "low" in mine else None
        panel.errorbar(where, mine["mean"], yerr=reach, label=system, elinewidth=0.9, **line(place))
    if log:
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter("{x:g}")
    panel.set_xticks(range(len(settings)), [number(at) for at in settings])
    panel.set(xlabel=axis, ylabel=title)
    panel.grid(axis="x", visible=False)
    legend_below(made, panel, columns=2)
    return made
