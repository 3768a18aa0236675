"""The style of all figures: sizes, colours, markers, hatches, and the formats in which they are written."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.store.files import replaced

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""

MARKERS = "osD^vPX*<>"
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo", "+++", "---")
LINES = ("-", "--", "-.", ":")

MANY = 8
"""So many figures or more are written by several processes."""

LEGEND_ROW = 0.2
"""Height of a line of a legend, in inches."""

UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""Metadata without the date, so that equal figures are equal files."""


def new_figure(
    columns: int = 1, width: float = 6.4, height: float = 4.2, rows: int = 1
) -> tuple[Figure, list[Axes]]:
    """Make a figure with empty panels.

    Args:
        columns: Number of panels side by side.
        width: Width of a panel, in inches.
        height: Height of a panel, in inches.
        rows: Number of rows of panels.

    Returns:
        The figure, and its panels row by row.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    panels = [figure.add_subplot(rows, columns, index + 1) for index in range(columns * rows)]
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(alpha=0.3, linewidth=0.6)
        panel.set_axisbelow(True)
    return figure, panels


def mark(index: int) -> dict[str, Any]:
    """Return the colour and marker of the system with this index; no two of 40 systems share both."""
    return {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)]}


def line(index: int) -> dict[str, Any]:
    """Return :func:`mark` with a dash; no two of 32 systems share both colour and dash."""
    dash = LINES[(index + index // len(COLOURS)) % len(LINES)]
    return {**mark(index), "linestyle": dash, "linewidth": 1.4, "markersize": 5}


def number(value: Any) -> str:
    """Format a hyper-parameter's value for an axis."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def bar(index: int) -> dict[str, Any]:
    """Return the colour and hatch of the bars with this index."""
    return {
        "facecolor": COLOURS[index % len(COLOURS)],
        "hatch": HATCHES[index % len(HATCHES)],
        "edgecolor": "white",
        "linewidth": 0.0,
    }


def margins(middle: Any, low: Any, high: Any) -> list[list[float]]:
    """The lengths of error bars below and above each point, for matplotlib's ``yerr``.

    They are lists, because matplotlib for Python 3.10 warns of arrays that hold one point.
    """
    middle, low, high = (np.asarray(values, dtype=float) for values in (middle, low, high))
    return [(middle - low).tolist(), (high - middle).tolist()]


def legend_below(figure: Figure, panel: Axes, columns: int = 3) -> None:
    """Put the legend of ``panel`` under all panels, and make the figure higher if the legend is long."""
    handles, labels = panel.get_legend_handles_labels()
    rows = -(-len(labels) // columns)
    figure.set_figheight(figure.get_figheight() + LEGEND_ROW * max(0, rows - 3))
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(columns, len(labels)),
        frameon=False,
        fontsize=9,
    )


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure in every format; returns the files."""
    import matplotlib

    files = [folder / f"{name}.{suffix}" for suffix in FORMATS]
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "pdf.fonttype": 42}):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the layout is computed once for all formats
        inches = figure.get_tightbbox().padded(0.05)
        for file in files:
            format_name = file.suffix[1:]
            metadata = UNDATED.get(format_name)
            with replaced(file) as unfinished:
                figure.savefig(unfinished, dpi=150, format=format_name, metadata=metadata, bbox_inches=inches)
    return files


def save_all(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write figures under their names; returns the files.

    Drawing one figure takes a second or two, so MANY figures are written by several processes.
    """
    if len(figures) < MANY:
        return [file for name, figure in figures.items() for file in save(figure, folder, name)]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        written = [pool.submit(save, figure, folder, name) for name, figure in figures.items()]
        return [file for files in written for file in files.result()]
