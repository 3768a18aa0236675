"""One number of every system over a few settings, such as values of a hyper-parameter or windows of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import legend_below, line, margins, new_figure, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(frame: pd.DataFrame, axis: str, title: str, *, log: bool = False) -> Figure:
    """Draw one curve per system, with the settings at equal distances.

    Args:
        frame: ``system``, ``at`` (the setting, in order), ``mean`` and, for intervals, ``low`` and ``high``.
        axis: Title of the axis of settings.
        title: Title of the axis of means.
        log: Whether the axis of means is logarithmic.
    """
    figure, (panel,) = new_figure()
    settings = list(dict.fromkeys(frame["at"]))
    for index, (system, rows) in enumerate(frame.groupby("system", sort=False)):
        x = [settings.index(setting) for setting in rows["at"]]
        mean = rows["mean"].to_numpy(dtype=float)
        errors = margins(mean, rows["low"], rows["high"]) if "low" in rows else None
        panel.errorbar(x, mean, yerr=errors, label=system, elinewidth=0.9, **line(index))
    if log:
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter("{x:g}")
    panel.set_xticks(range(len(settings)), [number(setting) for setting in settings])
    panel.set(xlabel=axis, ylabel=title)
    panel.grid(axis="x", visible=False)
    legend_below(figure, panel, columns=2)
    return figure
