"""What each term contributes to the loss, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import figure, legend_below, line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_SHARE = 1e-9
"""Shares below are not drawn."""

ABREAST = 3
"""Panels in a row at most."""


def courses(frame: pd.DataFrame) -> Figure:
    """Shares of the training loss over epochs, a panel a system, a line a term, shares logarithmic.

    Args:
        frame: ``system``, ``term``, ``epoch`` (from 1) and ``share``.
    """
    systems, terms = list(frame["system"].unique()), list(frame["term"].unique())
    columns = min(ABREAST, len(systems))
    made, panels = figure(columns, width=3.8, height=3.0, rows=-(-len(systems) // columns))
    for panel, system in zip(panels, systems, strict=False):
        for term, mine in frame[frame["system"] == system].groupby("term", sort=False):
            style = line(terms.index(term)) | {"markevery": max(1, len(mine) // 6)}
            panel.plot(mine["epoch"], mine["share"].clip(lower=LEAST_SHARE), label=term, **style)
        panel.set(title=system, xlabel="epoch", yscale="log", ylim=(LEAST_SHARE, 2.0))
    for panel in panels[len(systems) :]:
        panel.set_axis_off()
    panels[0].set_ylabel("share of the training loss")
    widest = max(panels, key=lambda panel: len(panel.get_legend_handles_labels()[1]))
    legend_below(made, widest, columns=len(terms))
    return made
