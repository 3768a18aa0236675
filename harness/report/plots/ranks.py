"""Critical-difference diagrams: mean ranks of systems, and which of them differ significantly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.report.plots.appearance import Appearances, in_order
from harness.report.plots.style import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


SCALE_HEIGHT = 1.7
"""Where the critical difference is drawn, in text lines above the axis of ranks."""


LETTER_WIDTH = 0.09
"""Width of a letter of a system's name, in inches. There are names on both sides of the diagram."""


def ranks(
    mean_ranks: pd.Series,
    p_values: pd.DataFrame,
    critical_difference: float,
    looks: Appearances | None = None,
) -> Figure:
    """Draw mean ranks on a line, the best on the left; a bar joins systems that do not differ significantly.

    Args:
        mean_ranks: Mean rank of each system; index system.
        p_values: Nemenyi's p of every pair, a square frame with the same index.
        critical_difference: Drawn as a scale above the axis.
        looks: The appearance of each system; by default in the order of the ranks.
    """
    import scikit_posthocs

    systems = len(mean_ranks)
    longest = max(map(len, mean_ranks.index))
    figure, (panel,) = new_figure(width=4.8 + 2 * LETTER_WIDTH * longest, height=1.8 + 0.19 * systems)
    panel.grid(visible=False)
    panel.spines["top"].set_visible(True)
    # scikit_posthocs draws sets of names, whose order differs between processes; sets of numbers are stable.
    numbers = range(systems)
    numbers_of_p = [mean_ranks.index.get_loc(name) for name in p_values.index]
    scikit_posthocs.critical_difference_diagram(
        mean_ranks.set_axis(numbers),
        p_values.set_axis(numbers_of_p).set_axis(numbers_of_p, axis="columns"),
        ax=panel,
        label_fmt_left="{label}",
        label_fmt_right="{label}",
        label_props={"fontsize": 10},
        elbow_props={"color": "black", "linewidth": 0.8},
        marker_props={"s": 0},
        crossbar_props={"linewidth": 2.6},
    )
    _replace_numbers_by_names(panel, mean_ranks)
    looks = looks or in_order(mean_ranks.index)
    for name, rank in mean_ranks.items():
        panel.plot(rank, 0, linestyle="", markersize=6, zorder=3, clip_on=False, **looks[str(name)].mark)
    panel.set_xticks(range(1, systems + 1))
    panel.set_xlim(0.9, systems + 0.1)
    _draw_scale(panel, critical_difference)
    return figure


def _replace_numbers_by_names(panel: Axes, mean_ranks: pd.Series) -> None:
    """Write each system's name and mean rank where its number is."""
    for text in panel.texts:
        number = int(text.get_text())
        name, rank = mean_ranks.index[number], f"({mean_ranks.iloc[number]:.2f})"
        text.set_text(f"{name} {rank}" if text.get_horizontalalignment() == "right" else f"{rank} {name}")


def _draw_scale(panel: Axes, critical_difference: float) -> None:
    """Draw the length of the critical difference above the axis."""
    panel.plot([1.0, 1.0 + critical_difference], [SCALE_HEIGHT] * 2, color="black", marker="|", clip_on=False)
    panel.annotate(
        f"critical difference {critical_difference:.2f}",
        (1.0 + critical_difference / 2.0, SCALE_HEIGHT),
        (0, 4),
        textcoords="offset points",
        ha="center",
        fontsize=9,
    )
