"""Whether text beats its controls."""

from __future__ import annotations

from harness import controls, tables
from harness.report.evidence import Evidence, Section, wholes
from harness.systems import SystemSpec


def on_controls(evidence: Evidence) -> Section:
    """Whether each text system beats its own controls and its backbone, on the first metric shown."""
    found: dict[str, dict[str, str]] = {}
    for control, whole in wholes(evidence, "text").items():
        found.setdefault(whole, {})[f"text={evidence.specs[control].text}"] = control
    without = {system: _without_text(evidence, system) for system in found}
    metric = evidence.shown[0]
    return Section(controls.sentences(evidence.users, metric, tables.title(metric), found, without))


def _without_text(evidence: Evidence, system: str) -> list[str]:
    """The backbone, and the backbone of equal size, as far as they have run."""
    spec = evidence.specs[system]
    if not spec.alignment:
        return []
    bare = SystemSpec(spec.backbone, preset=spec.preset, start=spec.start)
    wide = SystemSpec(spec.backbone, preset=spec.preset, capacity=spec.alignment)
    return [each.name for each in (bare, wide) if each.name in evidence.groups]
