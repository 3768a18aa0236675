"""Figures of many curves: how curves are shared out to panels, and names beside the ends of curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CURVES = 8
"""A panel has so many curves at most. More curves are shared out to several panels with the same axes."""

SPREAD = 0.24
"""Points of one category stand side by side over this share of the distance between two categories."""

NAME_POINTS = 8.5
"""Font size of the names beside curves."""

NAME_PLACE = 1.05
"""Where the markers before the names stand, as a share of the panel's width."""


def shared_out(names: Sequence[str]) -> list[list[str]]:
    """Share names out to panels: at most MOST_CURVES to each, and about as many to each, in their order."""
    panels = max(1, -(-len(names) // MOST_CURVES))
    return [list(part) for part in np.array_split(np.array(names, dtype=object), panels)]


def side_by_side(names: Sequence[str]) -> dict[str, float]:
    """Return how far the points of each curve of a panel stand beside their category, which is the middle."""
    return {name: SPREAD * ((place + 0.5) / len(names) - 0.5) for place, name in enumerate(names)}


def share_axis(panels: Sequence[Axes]) -> None:
    """Give panels the same vertical axis, from the lowest to the highest point of all."""
    limits = [panel.get_ylim() for panel in panels]
    for panel in panels:
        panel.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def name_curves(panel: Axes, marks: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the name of each curve beside its end, with its marker and a thin line to the end.

    The panel's limits must be final. Names that would overlap are moved apart as little as possible.

    Args:
        panel: A panel with a labelled line, or line with error bars, for each curve.
        marks: The marker of each curve, as matplotlib's arguments, by the curve's label.
    """
    handles, names = panel.get_legend_handles_labels()
    lines = [getattr(handle, "lines", (handle,))[0] for handle in handles]
    panel.set(xlim=panel.get_xlim(), ylim=panel.get_ylim())
    to_panel = panel.transData + panel.transAxes.inverted()
    ends = np.array([to_panel.transform(_last_point(line)) for line in lines]).reshape(-1, 2)
    height = panel.bbox.height * 72 / panel.figure.dpi
    places = _apart(np.nan_to_num(ends[:, 1], nan=0.5), 1.3 * NAME_POINTS / height)
    for name, (x, y), place in zip(names, ends, places, strict=True):
        own: dict[str, Any] = {"transform": panel.transAxes, "clip_on": False}
        colour = marks[name]["color"]
        panel.plot([x, NAME_PLACE], [y, place], color=colour, linewidth=0.6, alpha=0.6, zorder=1, **own)
        panel.plot(NAME_PLACE, place, linestyle="", markersize=5, **marks[name], **own)
        panel.annotate(
            name, (NAME_PLACE, place), (6, 0), xycoords="axes fraction", textcoords="offset points",
            va="center", fontsize=NAME_POINTS, annotation_clip=False,
        )  # fmt: skip


def _last_point(line: Any) -> tuple[float, float]:
    """The last point of a line that has a value. Not a number if no point has one."""
    points = np.column_stack([np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)])
    with_value = points[~np.isnan(points).any(axis=1)]
    return tuple(with_value[-1]) if len(with_value) else (np.nan, np.nan)


def _apart(places: np.ndarray, gap: float) -> np.ndarray:
    """Move places [n] apart to ``gap`` at least, in their order and by the least squares."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    moved = np.empty(len(places))
    if len(places):
        moved[order] = isotonic_regression(places[order] - steps).x + steps
        moved += max(0.0, -moved.min())
        moved -= max(0.0, moved.max() - max(1.0, np.ptp(moved)))
    return moved
