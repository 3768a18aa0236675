"""Each term's share of the training loss, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import legend_below, line, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_SHARE = 1e-9
"""Smaller shares are drawn at this value."""

COLUMNS = 3
"""Largest number of panels side by side."""


def courses(frame: pd.DataFrame) -> Figure:
    """Draw shares of the training loss over epochs, with a panel per system and a line per term.

    Args:
        frame: ``system``, ``term``, ``epoch`` (from 1) and ``share``.
    """
    systems, terms = list(frame["system"].unique()), list(frame["term"].unique())
    columns = min(COLUMNS, len(systems))
    figure, panels = new_figure(columns, width=3.8, height=3.0, rows=-(-len(systems) // columns))
    for panel, system in zip(panels, systems, strict=False):
        for term, rows in frame[frame["system"] == system].groupby("term", sort=False):
            style = line(terms.index(term)) | {"markevery": max(1, len(rows) // 6)}
            panel.plot(rows["epoch"], rows["share"].clip(lower=LEAST_SHARE), label=term, **style)
        panel.set(title=system, xlabel="epoch", yscale="log", ylim=(LEAST_SHARE, 2.0))
    for panel in panels[len(systems) :]:
        panel.set_axis_off()
    panels[0].set_ylabel("share of the training loss")
    panel_with_most_terms = max(panels, key=lambda panel: len(panel.get_legend_handles_labels()[1]))
    legend_below(figure, panel_with_most_terms, columns=len(terms))
    return figure
