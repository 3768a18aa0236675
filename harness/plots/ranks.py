"""Critical-difference diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from harness.plots.style import COLOURS, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ranks(mean_ranks: pd.Series, p_values: pd.DataFrame, critical_difference: float) -> Figure:
    """Mean ranks on a line, best left; a bar joins systems that do not differ significantly.

    Args:
        mean_ranks: Index system.
        p_values: Square frame of Nemenyi's p, same index.
        critical_difference: Drawn as a scale above the axis.
    """
    import scikit_posthocs

    made, (panel,) = figure(width=7.2, height=1.4 + 0.17 * len(mean_ranks))
    panel.grid(visible=False)
    scikit_posthocs.critical_difference_diagram(
        mean_ranks,
        p_values,
        cd=critical_difference,
        ax=panel,
        label_fmt_left="{label} ({rank:.2f})",
        label_fmt_right="({rank:.2f}) {label}",
        label_props={"color": "black", "fontsize": 10},
        elbow_props={"color": COLOURS[-1], "linewidth": 0.9},
        marker_props={"color": COLOURS[0], "s": 18},
        crossbar_props={"linewidth": 2.6},
    )
    return made
