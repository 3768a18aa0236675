"""Figures, from the same frames as the tables: one style, told apart in grey by markers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Okabe and Ito's palette, told apart by colour-blind readers."""

MARKERS = "osD^vPX*<>"


def figure(columns: int = 1, width: float = 6.4, height: float = 4.2) -> tuple[Figure, list[Axes]]:
    """An empty figure with panels side by side, in the one style."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width * columns, height), layout="constrained")
    panels = [made.add_subplot(1, columns, place + 1) for place in range(columns)]
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(alpha=0.3, linewidth=0.6)
    return made, panels


def save(made: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure in every format; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.{suffix}" for suffix in FORMATS]
    for file in files:
        made.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files


def growth(frame: pd.DataFrame) -> Figure:
    """Seconds and peak memory of a step over edges, one line a system, both axes logarithmic.

    ``frame`` has columns ``system``, ``edges``, ``seconds``, ``peak_bytes`` and ``exponent``.
    """
    made, (seconds, memory) = figure(columns=2)
    for place, (system, mine) in enumerate(frame.groupby("system", sort=False)):
        style: dict[str, Any] = {
            "color": COLOURS[place % len(COLOURS)],
            "marker": MARKERS[place % len(MARKERS)],
        }
        slope = mine["exponent"].iloc[0]
        label = system if slope != slope else f"{system} ({slope:.2f})"
        seconds.plot(mine["edges"], mine["seconds"], label=label, **style)
        memory.plot(mine["edges"], mine["peak_bytes"] / 2**30, **style)
    for panel, title in ((seconds, "seconds a step (exponent)"), (memory, "peak memory, GiB")):
        panel.set(xscale="log", yscale="log", xlabel="train pairs", title=title)
    seconds.legend(fontsize=7, frameon=False)
    return made
