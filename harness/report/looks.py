"""How figures show the systems of a plan."""

from __future__ import annotations

from harness.planning.plan import Plan
from harness.planning.runs import runs_on
from harness.planning.tasks import Run
from harness.report.plots import Appearances, appearances


def looks_of(plan: Plan) -> Appearances:
    """Give every system of a plan, finished or not, its appearance: by its place among the plan's systems."""
    wholes = {entry.system.base: entry.system.base for entry in plan.systems}
    for variant in plan.variants:
        runs = [run for run in runs_on(plan, variant) if isinstance(run, Run)]
        wholes |= {name: run.system.base for run in runs for name in (run.system.name, run.name)}
    return appearances(wholes)
