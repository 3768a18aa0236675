"""Means and gains of systems over strata of users or items, or over variants of a dataset."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from harness.report.plots.appearance import Appearances, in_order
from harness.report.plots.panels import name_curves, share_axis, shared_out, side_by_side
from harness.report.plots.style import margins, new_figure, with_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


MOST_UPRIGHT = 6
"""With more strata than this, their labels are rotated to fit."""

MEANS = ["mean", "low", "high"]
GAINS = ["difference", "difference_low", "difference_high"]


def sparsity(
    frame: pd.DataFrame,
    metric: str,
    gaining: Collection[str],
    axis: str = "train pairs of a user",
    looks: Appearances | None = None,
) -> Figure:
    """Draw the means of every system by stratum, and beside them the gains of some over their references.

    Many systems are shared out to several panels, those of the gains below those of the means.

    Args:
        frame: From ``stats.stratified.by_stratum``, the strata in their order.
        metric: Title of the metric.
        gaining: Systems whose gains are drawn.
        axis: What the strata are made by.
        looks: The appearance of each system, in the order in which they are shared out to panels; by default
            in the order of the rows.
    """
    present = list(frame["system"].unique())
    looks = looks or in_order(present)
    systems = sorted(present, key=list(looks).index)
    of_means, of_gains = shared_out(systems), shared_out([name for name in systems if name in gaining])
    rows = 1 if len(of_means) == 1 else -(-len(of_means) // 2) + -(-len(of_gains) // 2)
    figure, panels = new_figure(columns=2, width=with_names(4.8, systems), rows=rows)
    first_gain = 1 if len(of_means) == 1 else 2 * -(-len(of_means) // 2)
    references = sorted(set(frame.loc[frame["system"].isin(gaining), "baseline"]))
    reference = references[0] if len(references) == 1 else "the backbone"
    title = f"gain in {metric} over {reference}"
    _draw(panels[: len(of_means)], of_means, frame, MEANS, looks, metric, axis)
    _draw(panels[first_gain:][: len(of_gains)], of_gains, frame, GAINS, looks, title, axis)
    for panel in panels[len(of_means) : first_gain] + panels[first_gain + len(of_gains) :]:
        panel.set_axis_off()
    return figure


def _draw(
    panels: list[Axes],
    groups: list[list[str]],
    frame: pd.DataFrame,
    columns: list[str],
    looks: Appearances,
    title: str,
    axis: str,
) -> None:
    """Draw the curves of each group of systems in its panel; all panels have the same axes.

    Args:
        panels: The panels.
        groups: Names of the systems of each panel.
        frame: The rows of all systems.
        columns: Columns of the frame: middle, low, high.
        looks: The appearance of each system.
        title: Title of the panels.
        axis: What the strata are made by.
    """
    strata = frame.drop_duplicates("stratum")
    labels = strata["stratum"].tolist()
    for panel, names in zip(panels, groups, strict=True):
        for name, shift in side_by_side(names).items():
            rows = frame[frame["system"] == name]
            x = np.array([labels.index(label) for label in rows["stratum"]]) + shift
            middle, low, high = rows[columns].to_numpy(dtype=float).T
            errors = margins(middle, low, high)
            panel.errorbar(x, middle, yerr=errors, label=name, elinewidth=0.9, **looks[name].line)
        if columns is GAINS:
            panel.axhline(0.0, color="black", linewidth=0.8)
        panel.set(title=title, xlabel=f"{axis} (number of users)")
        _label_strata(panel, strata)
    share_axis(panels)
    for panel in panels:
        name_curves(panel, {name: look.mark for name, look in looks.items()})


def _label_strata(panel: Axes, strata: pd.DataFrame) -> None:
    """Write each stratum's label and number of users under its place on the axis."""
    rotated = len(strata) > MOST_UPRIGHT
    separator = " " if rotated else "\n"
    labels = [
        f"{label}{separator}({users:,})"
        for label, users in zip(strata["stratum"], strata["users"], strict=True)
    ]
    panel.set_xticks(range(len(strata)), labels, rotation=90 if rotated else 0)
    panel.set_xlim(-0.4, len(strata) - 0.6)
    panel.grid(axis="x", visible=False)
