"""What studies ask: whether text beats its controls, and variants of a dataset side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from harness import controls, sweeps, tables
from harness.plan import Plan
from harness.report.evidence import Evidence, Options, Section
from harness.runs import Run, expand_one


def on_controls(evidence: Evidence) -> Section:
    """Whether each text system beats its own controls, on the first metric shown."""
    found: dict[str, dict[str, str]] = {}
    for run in expand_one(evidence.plan, evidence.dataset):
        if isinstance(run, Run) and run.system.text and run.name in evidence.groups:
            whole = replace(run, system=replace(run.system, text=None))
            if whole.name in evidence.groups:
                found.setdefault(whole.name, {})[f"text={run.system.text}"] = run.name
    metric = evidence.shown[0]
    return Section(controls.sentences(evidence.users, metric, tables.title(metric), found))


def side_by_side(plan: Plan, sections: Sequence[Section], options: Options) -> Section:
    """Figures and seconds of every dataset that stands in several variants.

    Args:
        plan: The plan, which says what is a variant of what.
        sections: The datasets' sections, of which the leaderboards' rows are taken.
        options: Whether seconds are shown.
    """
    rows = [each.frames["leaderboard"] for each in sections if "leaderboard" in each.frames]
    families: dict[str, list[str]] = {}
    for dataset in plan.datasets:
        families.setdefault(dataset.family, []).append(dataset.name)
    frame, first = pd.concat(rows, ignore_index=True), plan.evaluation.show[0]
    cells = [(tables.title(metric), metric, "mean", ".4f") for metric in plan.evaluation.show]
    cells += [("Seconds a run", first, "seconds_s", ".1f")] if options.costs else []
    parts = []
    for family, variants in families.items():
        if len(variants) < 2:
            continue
        parts.append(f"## {family}, side by side")
        for title, metric, column, form in cells:
            mine = frame[frame["dataset"].isin(variants) & (frame["metric"] == metric)]
            parts += [f"{title}:", tables.markdown(sweeps.side_by_side(mine, variants, column, form))]
    return Section(parts)
