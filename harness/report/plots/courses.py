"""Each term's share of the training loss, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.report.plots.appearance import in_order
from harness.report.plots.panels import name_curves
from harness.report.plots.style import new_figure, power_of_ten, with_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_SHARE = 1e-9
"""Smaller shares are drawn at this value."""

POINTS = 40
"""A curve of more epochs is drawn through so many of them, the first and the last among them."""

COLUMNS = 3
"""Largest number of panels side by side."""


def courses(frame: pd.DataFrame) -> Figure:
    """Draw shares of the training loss over epochs, with a panel per system and a line per term.

    Args:
        frame: ``system``, ``term``, ``epoch`` (from 1) and ``share``.
    """
    from matplotlib.ticker import NullFormatter

    systems, looks = list(frame["system"].unique()), in_order(sorted(frame["term"].unique()))
    columns = min(COLUMNS, len(systems))
    figure, panels = new_figure(
        columns, width=with_names(3.4, looks), height=3.0, rows=-(-len(systems) // columns)
    )
    for panel, system in zip(panels, systems, strict=False):
        for term, course in frame[frame["system"] == system].groupby("term", sort=False):
            course = course.iloc[np.unique(np.linspace(0, len(course) - 1, POINTS).round().astype(int))]
            style = looks[term].line | {"markevery": max(1, len(course) // 6)}
            panel.plot(course["epoch"], course["share"].clip(lower=LEAST_SHARE), label=term, **style)
        panel.set(title=system, xlabel="epoch", yscale="log", ylim=(LEAST_SHARE, 2.0))
        panel.yaxis.set_major_formatter(power_of_ten)
        panel.yaxis.set_minor_formatter(NullFormatter())
        name_curves(panel, {term: look.mark for term, look in looks.items()})
    for panel in panels[len(systems) :]:
        panel.set_axis_off()
    panels[0].set_ylabel("share of the training loss")
    return figure
