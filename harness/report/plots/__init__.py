"""Figures, drawn from the same DataFrames as the tables.

A system has the same colour and marker in every figure of a study; its variants have another line style.
Curves have their names at their ends. Systems can be told apart by marker, line style or hatch, so that
figures can be printed in grey.
"""

from harness.report.plots.ablation import ablation
from harness.report.plots.appearance import Appearance, Appearances, appearances
from harness.report.plots.costs import costs
from harness.report.plots.courses import courses
from harness.report.plots.curves import curves
from harness.report.plots.forest import BEYOND, forest
from harness.report.plots.growth import growth
from harness.report.plots.heat import heat
from harness.report.plots.power import power
from harness.report.plots.ranks import ranks
from harness.report.plots.sparsity import sparsity
from harness.report.plots.style import FORMATS, draw_all, save

__all__ = [
    "BEYOND", "FORMATS", "Appearance", "Appearances", "ablation", "appearances", "costs", "courses", "curves",
    "draw_all", "forest", "growth", "heat", "power", "ranks", "save", "sparsity",
]  # fmt: skip
