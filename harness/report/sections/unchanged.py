"""Pairs of a changed system and the system without the change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.planning.runs import runs_on
from harness.planning.tasks import Run
from harness.report.evidence import Evidence
from harness.systems.spec import SystemSpec


def unchanged_systems(evidence: Evidence, part: str) -> dict[str, str]:
    """Pair every system that was changed with the same system without the change.

    Both have finished runs. A grid point is paired with the point of the same values.

    Args:
        evidence: The finished runs of a dataset.
        part: What was changed in the system's line: ``ablated`` or ``text``.

    Returns:
        The name of the unchanged system by the name of the changed one.
    """
    pairs = {}
    default: dict[str, Any] = {part: SystemSpec.__dataclass_fields__[part].default}
    for run in runs_on(evidence.plan, evidence.dataset):
        if isinstance(run, Run) and run.name in evidence.groups and getattr(run.system, part):
            unchanged = replace(run, system=replace(run.system, **default)).name
            if unchanged in evidence.groups:
                pairs[run.name] = unchanged
    return pairs
