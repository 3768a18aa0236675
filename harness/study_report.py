"""What a report says of a plan's studies: verdicts on controls, variants of a dataset side by side."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from harness import controls, sweeps, tables
from harness.plan import Plan, Run, expand


def on_controls(plan: Plan, users: pd.DataFrame) -> list[str]:
    """Whether each text system beats its own controls, on the first metric shown.

    Args:
        plan: The plan, which says whose control each control is.
        users: Scores of one dataset: ``system``, ``user`` and one column a metric.
    """
    found: dict[str, dict[str, str]] = {}
    for run in expand(plan):
        if isinstance(run, Run) and run.system.text:
            whole = replace(run, system=replace(run.system, text=None))
            found.setdefault(whole.name, {})[f"text={run.system.text}"] = run.name
    metric = plan.evaluation.show[0]
    return controls.sentences(users, metric, tables.title(metric), found)


def side_by_side(plan: Plan, frame: pd.DataFrame, with_costs: bool) -> list[str]:
    """Figures and seconds of every dataset that stands in several variants, as Markdown.

    Args:
        plan: The plan, which says what is a variant of what.
        frame: One row a dataset, system and metric, with ``mean`` and, for costs, ``seconds_s``.
        with_costs: Whether seconds are shown.
    """
    families: dict[str, list[str]] = {}
    for dataset in plan.datasets:
        families.setdefault(dataset.family, []).append(dataset.name)
    parts = []
    first = plan.evaluation.show[0]
    cells = [(tables.title(metric), metric, "mean", ".4f") for metric in plan.evaluation.show]
    cells += [("Seconds a run", first, "seconds_s", ".1f")] if with_costs else []
    for family, variants in families.items():
        if len(variants) < 2:
            continue
        parts.append(f"## {family}, side by side")
        for title, metric, column, form in cells:
            mine = frame[frame["dataset"].isin(variants) & (frame["metric"] == metric)]
            parts += [f"{title}:", tables.markdown(sweeps.side_by_side(mine, variants, column, form))]
    return parts
