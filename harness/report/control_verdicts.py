"""Whether text beats its controls."""

from __future__ import annotations

from harness import controls, tables
from harness.report.evidence import Evidence, Section, wholes


def on_controls(evidence: Evidence) -> Section:
    """Whether each text system beats its own controls, on the first metric shown."""
    found: dict[str, dict[str, str]] = {}
    for control, whole in wholes(evidence, "text").items():
        found.setdefault(whole, {})[f"text={evidence.specs[control].text}"] = control
    metric = evidence.shown[0]
    return Section(controls.sentences(evidence.users, metric, tables.title(metric), found))
