"""One number of every system over a few settings, such as values of a hyper-parameter or windows of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.appearance import Appearances, in_order
from harness.report.plots.panels import name_curves, share_axis, shared_out, side_by_side
from harness.report.plots.style import logarithmic, margins, new_figure, number, with_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def curves(
    frame: pd.DataFrame, axis: str, title: str, *, log: bool = False, looks: Appearances | None = None
) -> Figure:
    """Draw one curve per system, with the settings at equal distances.

    Args:
        frame: ``system``, ``at`` (the setting, in order), ``mean`` and, for intervals, ``low`` and ``high``.
        axis: Title of the axis of settings.
        title: Title of the axis of means.
        log: Whether the axis of means is logarithmic.
        looks: The appearance of each system; by default in the order of the rows.
    """
    systems, settings = list(frame["system"].unique()), list(dict.fromkeys(frame["at"]))
    looks, groups = looks or in_order(systems), shared_out(systems)
    columns = min(2, len(groups))
    figure, panels = new_figure(columns, width=with_names(4.6, systems), rows=-(-len(groups) // columns))
    for panel, names in zip(panels, groups, strict=False):
        for name, shift in side_by_side(names).items():
            rows = frame[frame["system"] == name]
            has_interval = "low" in rows
            x = [settings.index(setting) + has_interval * shift for setting in rows["at"]]
            mean = rows["mean"].to_numpy(dtype=float)
            errors = margins(mean, rows["low"], rows["high"]) if has_interval else None
            panel.errorbar(x, mean, yerr=errors, label=name, elinewidth=0.9, **looks[name].line)
        panel.set_xticks(range(len(settings)), [number(setting) for setting in settings])
        panel.set(xlabel=axis, ylabel=title, xlim=(-0.4, len(settings) - 0.6))
        panel.grid(axis="x", visible=False)
        if log:
            panel.set_yscale("log")
            logarithmic(panel.yaxis, frame["mean"].min(), frame["mean"].max())
    used = panels[: len(groups)]
    share_axis(used)
    for panel in used:
        name_curves(panel, {name: looks[name].mark for name in systems})
    for panel in panels[len(groups) :]:
        panel.set_axis_off()
    return figure
