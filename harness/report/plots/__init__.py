"""Figures, drawn from the same DataFrames as the tables.

Systems differ by marker, dash or hatch as well as by colour, so that figures can be printed in grey.
"""

from harness.report.plots.ablation import ablation
from harness.report.plots.costs import costs
from harness.report.plots.courses import courses
from harness.report.plots.curves import curves
from harness.report.plots.growth import growth
from harness.report.plots.heat import heat
from harness.report.plots.power import power
from harness.report.plots.ranks import ranks
from harness.report.plots.sparsity import sparsity
from harness.report.plots.style import save, save_all

__all__ = [
    "ablation", "costs", "courses", "curves", "growth", "heat", "power", "ranks", "save", "save_all",
    "sparsity",
]  # fmt: skip
