"""The style of all figures: sizes, hatches, legends, and the formats in which they are written."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.store.files import replaced

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
"""The formats that figures can have."""

HATCHES = ("", "///", "|||", "xxx", "\\\\\\", "---", "+++", "//--")
"""Hatches of bars. They are lines alone: circles would make a figure ten times as large."""

MANY = 8
"""So many figures or more are drawn by several processes."""

LEGEND_ROW = 0.2
"""Height of a line of a legend, in inches."""

LETTER = 0.085
"""Width of a letter of a name beside a panel, in inches."""

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


def with_names(width: float, names: Collection[str]) -> float:
    """Return the width, in inches, of a panel of this width with names beside it."""
    return width + LETTER * max(map(len, names), default=0)


def number(value: Any) -> str:
    """Format a hyper-parameter's value for an axis."""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def logarithmic(axis: Axis, low: float, high: float) -> None:
    """Give a logarithmic axis plain numbers for labels; those between powers of ten if there is room.

    Args:
        axis: The axis.
        low: The least value on it.
        high: The largest value on it.
    """
    from matplotlib.ticker import NullFormatter

    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("{x:g}" if high < 10 * low else NullFormatter())


def hatch(index: int) -> dict[str, Any]:
    """Return the hatch of the bars with this index."""
    return {"hatch": HATCHES[index % len(HATCHES)], "edgecolor": "white", "linewidth": 0.0}


def power_of_ten(value: float, _: Any = None) -> str:
    """Format a label of a logarithmic axis without mathematical markup, as in 10⁻³."""
    exponent = round(np.log10(value))
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def margins(middle: Any, low: Any, high: Any) -> list[list[float]]:
    """The lengths of error bars below and above each point, for matplotlib's ``yerr``.

    They are lists, because matplotlib for Python 3.10 warns of arrays that hold one point.
    """
    middle, low, high = (np.asarray(values, dtype=float) for values in (middle, low, high))
    return [(middle - low).tolist(), (high - middle).tolist()]


def legend_beside(figure: Figure, panel: Axes) -> None:
    """Put the legend of ``panel`` to the right of all panels, in the order of its points."""
    handles, labels = panel.get_legend_handles_labels()
    lacking = LEGEND_ROW * (len(labels) + 1) - figure.get_figheight()
    figure.set_figheight(figure.get_figheight() + max(0.0, lacking))
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)


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


def drawn(figure: Figure, name: str, formats: Collection[str]) -> dict[str, bytes]:
    """Draw a figure in some formats; returns the content of the file of each.

    A name in a figure is text, even if it has the characters of mathematical markup.
    """
    import matplotlib
    from matplotlib.text import Text

    plain = {"text.parse_math": False}
    look = {"svg.hashsalt": name, "svg.fonttype": "none", "pdf.fonttype": 42}
    contents = {}
    with matplotlib.rc_context({**plain, **look}):
        for text in figure.findobj(Text):
            text.set_parse_math(False)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # the layout is computed once for all formats
        inches = figure.get_tightbbox().padded(0.05)
        for suffix in formats:
            content = BytesIO()
            metadata = UNDATED.get(suffix)
            figure.savefig(content, dpi=150, format=suffix, metadata=metadata, bbox_inches=inches)
            contents[suffix] = content.getvalue()
    return contents


def draw_all(figures: Mapping[str, Figure], formats: Collection[str]) -> dict[str, dict[str, bytes]]:
    """Draw figures in some formats; returns the content of each file by the figure's name and the format.

    Drawing one figure takes a second or two, so MANY figures are drawn by several processes.
    """
    if len(figures) < MANY:
        return {name: drawn(figure, name, formats) for name, figure in figures.items()}
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        tasks = {name: pool.submit(drawn, figure, name, formats) for name, figure in figures.items()}
        return {name: task.result() for name, task in tasks.items()}


def save(figure: Figure, folder: Path, name: str, formats: Collection[str] = ("png",)) -> list[Path]:
    """Write a figure in some formats; returns the files."""
    files = []
    for suffix, content in drawn(figure, name, formats).items():
        files.append(folder / f"{name}.{suffix}")
        with replaced(files[-1]) as unfinished:
            unfinished.write_bytes(content)
    return files
