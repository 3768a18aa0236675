"""The one style: sizes, colours, markers, hatches, and the formats a figure is written in."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.store.files import replaced

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Okabe and Ito's palette, told apart by colour-blind readers."""

MARKERS = "osD^vPX*<>"
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo", "+++", "---")
LINES = ("-", "--", "-.", ":")

MANY = 8
"""Figures from which on they are written by several processes."""

LEGEND_ROW = 0.2
"""Height of a line of a legend, in inches."""

UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""The same frame gives the same bytes."""


def figure(
    columns: int = 1, width: float = 6.4, height: float = 4.2, rows: int = 1
) -> tuple[Figure, list[Axes]]:
    """An empty figure with panels side by side, row by row, in the one style."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width * columns, height * rows), layout="constrained")
    panels = [made.add_subplot(rows, columns, place + 1) for place in range(columns * rows)]
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(alpha=0.3, linewidth=0.6)
        panel.set_axisbelow(True)
    return made, panels


def mark(place: int) -> dict[str, Any]:
    """Colour and marker of the system at a place in the table: 40 before one comes back."""
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}


def line(place: int) -> dict[str, Any]:
    """As :func:`mark`, with a dash; no two of 32 places share both colour and dash."""
    dash = LINES[(place + place // len(COLOURS)) % len(LINES)]
    return {**mark(place), "linestyle": dash, "linewidth": 1.4, "markersize": 5}


def number(value: Any) -> str:
    """A hyper-parameter's value on an axis."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def bar(place: int) -> dict[str, Any]:
    """Colour and hatch of a bar."""
    return {
        "facecolor": COLOURS[place % len(COLOURS)],
        "hatch": HATCHES[place % len(HATCHES)],
        "edgecolor": "white",
        "linewidth": 0.0,
    }


def legend_below(made: Figure, panel: Axes, columns: int = 3) -> None:
    """One legend for all panels, under them; the figure grows with it."""
    handles, labels = panel.get_legend_handles_labels()
    rows = -(-len(labels) // columns)
    made.set_figheight(made.get_figheight() + LEGEND_ROW * max(0, rows - 3))
    made.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(columns, len(labels)),
        frameon=False,
        fontsize=9,
    )


def save(made: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure in every format; returns the files."""
    import matplotlib

    files = [folder / f"{name}.{suffix}" for suffix in FORMATS]
    with matplotlib.rc_context({"svg.hashsalt": name, "pdf.fonttype": 42}):
        made.draw_without_rendering()
        made.set_layout_engine("none")  # once for all formats
        inches = made.get_tightbbox().padded(0.05)
        for file in files:
            kind = file.suffix[1:]
            metadata = UNDATED.get(kind)
            with replaced(file) as unfinished:
                made.savefig(unfinished, dpi=150, format=kind, metadata=metadata, bbox_inches=inches)
    return files


def save_all(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write figures by name; many of them in several processes, for each takes a second or two to draw."""
    if len(figures) < MANY:
        return [file for name, made in figures.items() for file in save(made, folder, name)]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        written = [pool.submit(save, made, folder, name) for name, made in figures.items()]
        return [file for each in written for file in each.result()]
