"""``intentbench status``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, say, show_table

WITH_REASON = ("damaged", "failed", "skipped")
"""The statuses whose reason is always shown. That of a missing run is shown if it was run before."""


def status(plan: PlanArgument, store: StoreOption = DEFAULT_STORE) -> None:
    """Say which runs of a plan are finished, failed, missing or skipped."""
    from harness.planning.plan import load_plan
    from harness.planning.run_status import run_statuses
    from harness.store.store import Store

    show_statuses(run_statuses(load_plan(find_plan(plan)), Store(store)))


def show_statuses(statuses: Iterable[Any]) -> None:
    """Print one row for each dataset and system, and then how many runs have each status."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for run in statuses:
        groups.setdefault((run.dataset, run.system), []).append(run)
    from harness.planning.run_status import RUN_BEFORE

    rows = []
    for (dataset, system), runs in groups.items():
        reasons = {run.reason for run in runs if run.status in WITH_REASON or run.reason in RUN_BEFORE}
        rows.append(
            (dataset, system, counted(Counter(run.status for run in runs)), "; ".join(sorted(reasons)))
        )
    show_table(("dataset", "system", "runs", "reason"), rows)
    say(counted(Counter(run.status for runs in groups.values() for run in runs)))


def counted(counts: Mapping[str, int]) -> str:
    """Counts in words, such as ``3 finished, 1 failed``."""
    return ", ".join(f"{count} {name}" for name, count in counts.items())
