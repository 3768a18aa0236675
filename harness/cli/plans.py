"""``intentbench plans``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.cli.plan_names import shipped_plans
from harness.cli.terminal import say, show_table


def plans() -> None:
    """List the plans that come with the project, and what each of them asks."""
    from harness.planning.plan import load_plan
    from harness.planning.runs import expand
    from harness.planning.tasks import Run

    rows = []
    for name, path in shipped_plans().items():
        plan = load_plan(path)
        runs = sum(isinstance(each, Run) for each in expand(plan))
        rows.append((name, _first_sentence(plan.about), str(runs), _data_state(plan)))
    show_table(("plan", "question", "runs", "data"), rows)
    say("`intentbench run NAME` runs one of them. `intentbench init` writes a plan for your own data.")


def _first_sentence(about: str) -> str:
    first, _, rest = about.strip().partition(". ")
    return f"{first}." if rest else first


def _data_state(plan: Any) -> str:
    """Whether the files of a plan's datasets are there."""
    for dataset in plan.datasets:
        given = getattr(dataset.source, "path", None) or getattr(dataset.source, "folder", None)
        if given is not None and not Path(given).exists():
            return f"missing: {Path(given).resolve()}"
    return "is there"
