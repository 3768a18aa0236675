"""The plan that a command works on: a file, or the name of a plan that comes with the project."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.planning.shipped import find_plan, shipped_plans

__all__ = ["PlanArgument", "find_plan", "shipped_plans"]

PlanArgument = Annotated[
    str,
    typer.Argument(
        metavar="PLAN",
        help="The plan is a YAML file, or a name that `intentbench plans` lists.",
        show_default=False,
    ),
]
