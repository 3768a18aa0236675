"""The data card of a dataset: sizes, density, split, source of the texts, checksum."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.data.dataset import SPLITS
from harness.report import tables
from harness.report.evidence import Evidence
from harness.report.section import Section

CHECKSUM = 12
"""Characters of a checksum that are shown; data.csv has all."""


def data_card(evidence: Evidence) -> Section:
    """Describe each split of the dataset as it was prepared; empty if the store has no description."""
    rows = []
    for split in evidence.splits:
        facts = evidence.store.notes.description(split.key(evidence.plan.seed))
        if facts is not None:
            rows.append({"dataset": split.name, **_facts(facts), **_choices(evidence, split)})
    if not rows:
        return Section()
    frame = pd.DataFrame(rows)
    shown = frame.assign(checksum=frame["checksum"].str[:CHECKSUM]).T.reset_index().map(_cell)
    card = shown.set_axis(["", *(f"split {number}" for number in range(1, len(rows) + 1))], axis=1)
    card = card if len(rows) > 1 else card.set_axis(["", "value"], axis=1)
    text = [f"### Data card of {tables.escape_markdown(evidence.dataset.name)}", tables.markdown(card)]
    return Section(frames={"data": frame}, page=text)


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Sizes and checksum. The density is the share of user-item cells that hold a pair of any part."""
    pairs = facts["pairs"]
    cells = facts["users"] * facts["items"]
    sizes = {"users": facts["users"], "items": facts["items"]}
    parts = {f"{part} pairs": pairs[part] for part in SPLITS}
    density = sum(pairs[part] for part in SPLITS) / cells if cells else float("nan")
    return {**sizes, **parts, "density": density, "checksum": facts["checksum"]}


def _choices(evidence: Evidence, split: Any) -> dict[str, str]:
    """What the plan chose: source, split, and where text rows come from."""
    writer = getattr(split.text, "writer", None)
    text = split.text.kind if split.has_text else "none"
    return {
        "source": split.source.kind,
        "split": split.split.kind,
        "text": f"{text}, written by {writer.name}" if writer is not None else text,
        "warning": split.source.warning or "",
        "seed": str(evidence.plan.seed),
    }


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
