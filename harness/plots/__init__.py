"""Figures, from the same frames as the tables; one style, told apart in grey by markers and hatches."""

from harness.plots.ablation import ablation
from harness.plots.costs import costs
from harness.plots.courses import courses
from harness.plots.curves import curves
from harness.plots.growth import growth
from harness.plots.heat import heat
from harness.plots.power import power
from harness.plots.ranks import ranks
from harness.plots.sparsity import sparsity
from harness.plots.style import save, save_all

__all__ = [
    "ablation", "costs", "courses", "curves", "growth", "heat", "power", "ranks", "save", "save_all",
    "sparsity",
]  # fmt: skip
