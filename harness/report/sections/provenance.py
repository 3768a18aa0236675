"""Where a study's numbers come from: the plan, the code, the machines, and what to cite."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
import yaml

from harness.planning.plan import Plan
from harness.report import tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section
from harness.systems.recbole_models import models
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from harness.systems.spec import SystemSpec


def provenance(plan: Plan, datasets: Sequence[Evidence], options: Options) -> Section:
    """Show the plan as YAML and, with costs, the commits, versions and machines of all runs."""
    text = [
        "## Provenance",
        "The plan, with what it leaves to the defaults left out:",
        _fenced(plan_yaml(plan)),
    ]
    if not options.costs:
        return Section(page=text)
    rows = [
        {"dataset": evidence.dataset.name, "commit": record.commit or "", **_machine(record.machine)}
        for evidence in datasets
        for records in evidence.records.values()
        for record in records
    ]
    frame = pd.DataFrame(rows)
    frame = frame.groupby(list(frame.columns), sort=False, dropna=False).size().rename("runs").reset_index()
    shown = frame.assign(commit=frame["commit"].str[:10]).astype(str)
    text += ["The runs, by the code's commit and the machine:", tables.markdown(shown)]
    return Section(frames={"provenance": frame}, page=text)


def _machine(machine: dict[str, Any]) -> dict[str, str]:
    """The facts of a machine as texts; of its operating system the name, without the build of its kernel."""
    facts = {str(name): str(value) for name, value in machine.items()}
    return facts | ({"system": facts["system"].partition("-")[0]} if "system" in facts else {})


def plan_yaml(plan: Plan) -> str:
    """The plan as YAML without defaults. Of paths, only the names of files and folders are kept."""
    return yaml.safe_dump(
        _plain(plan.model_dump(exclude_unset=True)), sort_keys=False, allow_unicode=True, width=100
    )


def _plain(value: Any) -> Any:
    """Values that YAML can hold, in which no path tells where this machine keeps its files."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, PurePath) or (isinstance(value, str) and Path(value).is_absolute()):
        return Path(value).name
    if isinstance(value, SystemSpec):
        return value.name
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def citations(datasets: Sequence[Evidence]) -> Section:
    """List the systems of all tables with their kinds, and give the BibTeX of systems and datasets."""
    kinds: dict[str, str] = {}
    specs: dict[str, SystemSpec] = {}
    for evidence in datasets:
        kinds |= evidence.kinds
        specs |= evidence.specs
    known = references()
    rows = [
        {
            "system": name,
            "kind": kinds[name],
            "about": "; ".join(_about(spec).values()),
            "references": " ".join(_keys(spec, known["systems"])),
        }
        for name, spec in specs.items()
    ]
    sources = {evidence.dataset.source.kind for evidence in datasets}
    keys = [key for row in rows for key in row["references"].split()]
    keys += [known["sources"][source] for source in sorted(sources) if source in known["sources"]]
    frame = pd.DataFrame(rows)
    base = frame[~frame["kind"].isin(["ablation", "control", "grid point"])]
    text = ["## Systems, and what to cite", tables.markdown(base.rename(columns={"system": "System"}))]
    entries = [known["entries"][key] for key in dict.fromkeys(keys)]
    text += [_fenced("\n\n".join(entries), "bibtex")] if entries else []
    missing = dict.fromkeys(
        name for spec in specs.values() for name in _about(spec) if name not in known["systems"]
    )
    if missing:
        names = ", ".join(tables.escape_markdown(name) for name in missing)
        text.append(f"No reference is on file for {names}, nor for datasets that a plan reads from files.")
    return Section(frames={"systems": frame}, page=text)


def references() -> dict[str, dict[str, str]]:
    """What to cite: keys of ``entries`` by name of a system's part and by kind of source."""
    text = (files("harness.systems") / "references.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(text)
    return loaded


def _about(spec: SystemSpec) -> dict[str, str]:
    """One line about each part of a system, by the part's name."""
    if spec.is_external:
        return {spec.backbone: "trained elsewhere"}
    if spec.is_recbole:
        return {spec.backbone: models()[spec.backbone].about}
    parts = {} if spec.alignment is None else {spec.alignment: ALIGNMENTS[spec.alignment].about}
    entries = CLASSICS if spec.is_classic else BACKBONES
    return parts | {spec.backbone: entries[spec.backbone].about}


def _keys(spec: SystemSpec, keys: dict[str, str]) -> list[str]:
    return [keys[name] for name in _about(spec) if name in keys]


def _fenced(text: str, language: str = "yaml") -> str:
    """A block of code; its fence is longer than any that the text has."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
