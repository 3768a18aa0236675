"""Critical-difference diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.style import COLOURS, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


SCALE = 1.7
"""Where the critical difference is drawn, in lines above the axis of ranks."""


LETTER = 0.09
"""Room for a letter of a name, in inches; names stand on both sides."""


def ranks(mean_ranks: pd.Series, p_values: pd.DataFrame, critical_difference: float) -> Figure:
    """Mean ranks on a line, best left; a bar joins systems that do not differ significantly.

    Args:
        mean_ranks: Index system.
        p_values: Square frame of Nemenyi's p, same index.
        critical_difference: Drawn as a scale above the axis.
    """
    import scikit_posthocs

    systems = len(mean_ranks)
    longest = max(map(len, mean_ranks.index))
    made, (panel,) = figure(width=4.8 + 2 * LETTER * longest, height=1.8 + 0.19 * systems)
    panel.grid(visible=False)
    panel.spines["top"].set_visible(True)
    numbers = range(systems)
    places = [mean_ranks.index.get_loc(name) for name in p_values.index]
    scikit_posthocs.critical_difference_diagram(  # numbers: it would draw sets of names in any order
        mean_ranks.set_axis(numbers),
        p_values.set_axis(places).set_axis(places, axis="columns"),
        ax=panel,
        label_fmt_left="{label}",
        label_fmt_right="{label}",
        label_props={"fontsize": 10},
        elbow_props={"color": "black", "linewidth": 0.8},
        marker_props={"color": COLOURS[0], "s": 18},
        crossbar_props={"linewidth": 2.6},
    )
    _name(panel, mean_ranks)
    panel.set_xticks(range(1, systems + 1))
    panel.set_xlim(0.9, systems + 0.1)
    _scale(panel, critical_difference)
    return made


def _name(panel: Axes, mean_ranks: pd.Series) -> None:
    """Put names and ranks where the numbers of systems stand."""
    for text in panel.texts:
        number = int(text.get_text())
        name, rank = mean_ranks.index[number], f"({mean_ranks.iloc[number]:.2f})"
        text.set_text(f"{name} {rank}" if text.get_horizontalalignment() == "right" else f"{rank} {name}")


def _scale(panel: Axes, critical_difference: float) -> None:
    """Draw the critical difference above the axis."""
    panel.plot([1.0, 1.0 + critical_difference], [SCALE] * 2, color="black", marker="|", clip_on=False)
    panel.annotate(
        f"critical difference {critical_difference:.2f}",
        (1.0 + critical_difference / 2.0, SCALE),
        (0, 4),
        textcoords="offset points",
        ha="center",
        fontsize=9,
    )
