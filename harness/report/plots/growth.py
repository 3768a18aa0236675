"""How the time and memory of a training step grow with the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.appearance import in_order
from harness.report.plots.panels import name_curves, share_axis, shared_out
from harness.report.plots.style import logarithmic, new_figure, power_of_ten, with_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def growth(frame: pd.DataFrame) -> Figure:
    """Draw seconds and peak memory of a step over train pairs, one line per system, on logarithmic axes.

    Args:
        frame: ``system``, ``edges``, ``seconds``, ``peak_bytes`` and ``exponent``.
    """
    systems = list(frame["system"].unique())
    groups, looks = shared_out(systems), in_order(systems)
    figure, panels = new_figure(columns=2, width=with_names(5.0, systems), rows=len(groups))
    frame = frame.assign(gib=frame["peak_bytes"] / 2**30)
    exponents = frame.groupby("system")["exponent"].first()
    titles = {"seconds": "seconds per step (exponent of growth)", "gib": "peak memory, GiB"}
    for column, (quantity, title) in enumerate(titles.items()):
        of_quantity = panels[column::2]
        labels = {
            name: f"{name} ({exponents[name]:.2f})"
            if quantity == "seconds" and exponents[name] == exponents[name]
            else name
            for name in systems
        }
        for panel, names in zip(of_quantity, groups, strict=True):
            for name in names:
                rows = frame[frame["system"] == name]
                panel.plot(rows["edges"], rows[quantity], label=labels[name], **looks[name].line)
            _set_axes(panel, title, frame[quantity])
        share_axis(of_quantity)
        marks = {label: looks[name].mark for name, label in labels.items()}
        for panel in of_quantity:
            name_curves(panel, marks)
    return figure


def _set_axes(panel: Axes, title: str, values: pd.Series) -> None:
    """Make both axes logarithmic, and name them."""
    from matplotlib.ticker import NullFormatter

    panel.set(xscale="log", yscale="log", xlabel="train pairs", title=title)
    panel.xaxis.set_major_formatter(power_of_ten)
    panel.xaxis.set_minor_formatter(NullFormatter())
    logarithmic(panel.yaxis, values.min(), values.max())
