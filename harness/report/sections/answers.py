"""The answers to the questions of a study: who is best, and whether the subject is ahead of its rivals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from harness.report import tables
from harness.report.evidence import Evidence, Section
from harness.report.sections.control_verdicts import judged_by_controls
from harness.report.tables.cells import bounds
from harness.systems.registry import SUBJECT

ANSWERS = {"better": "yes", "worse": "no", "equal": "no"}
"""The answer to whether a system is ahead of another, by its verdict. For any other it is UNDECIDED."""

CORRECTED = (
    "The answers use p after Holm's correction. Each interval is that of one difference alone, so it may "
    "leave out 0 while the answer is still open."
)

UNDECIDED, NOT_ASKED = "not decided", "not asked"

RIVALS = {
    "backbone": "its backbone",
    "shuffled text": "itself with shuffled text",
    "simple baseline": "the best simple baseline",
}
"""What the subject is compared with, and how a sentence says it."""

COLUMNS = ["system", "question", "other", "answer", "difference", "low", "high", "p_holm"]


class _Judged:
    """The test of all pairs on the first metric shown, for both orders of every pair of primary systems."""

    def __init__(self, evidence: Evidence) -> None:
        metric = evidence.shown[0]
        self.alike = evidence.samples[metric].of(evidence.primary).first_alike
        self.rows: dict[tuple[str, str], dict[Any, Any]] = {}
        for row in evidence.pairs[metric].to_dict("records"):
            turned = {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
            verdict = {"better": "worse"}.get(row["verdict"], row["verdict"])
            self.rows[row["first"], row["second"]] = row
            self.rows[row["second"], row["first"]] = row | turned | {"verdict": verdict}

    def answer(self, name: str, other: str) -> dict[str, Any]:
        """Whether ``name`` is ahead of ``other``. Two systems with the same runs are one."""
        one, two = self.alike[name], self.alike[other]
        if one == two:
            return {"other": other, "answer": "no", "difference": 0.0}
        return _answered(other, self.rows[one, two])


def answers(evidence: Evidence) -> Section:
    """Answer, on the first metric shown, who is best and whether the subject is ahead of its rivals.

    The answers are the verdicts of all pairs and of the comparisons with controls; nothing is tested anew.
    """
    if not evidence.primary:
        return Section()
    metric, judged = evidence.shown[0], _Judged(evidence)
    order = (
        evidence.samples[metric].totals[evidence.primary].sort_values(ascending=False, kind="stable").index
    )
    best = {"system": order[0], "question": "best"}
    if len(order) > 1:
        best |= judged.answer(order[0], order[1])
    frame = pd.DataFrame([best, *_ahead(evidence, judged)], columns=COLUMNS)
    frame.insert(0, "dataset", evidence.dataset.name)
    frame.insert(1, "metric", metric)
    return Section(_sentences(frame, evidence, judged), frames={"answers": frame})


def _ahead(evidence: Evidence, judged: _Judged) -> Iterator[dict[str, Any]]:
    """Yield the answer for every system with the subject and each of RIVALS, the best system first."""
    totals = evidence.samples[evidence.shown[0]].totals
    subjects = [name for name in evidence.primary if evidence.specs[name].alignment == SUBJECT]
    classics = [name for name in evidence.primary if evidence.specs[name].is_classic]
    simple = str(totals[classics].idxmax()) if classics else None
    controls = judged_by_controls(evidence)
    shuffled = controls[(controls["kind"] == "control") & (controls["control"] == "text=shuffled")]
    for name in totals[subjects].sort_values(ascending=False, kind="stable").index:
        rivals = {"backbone": evidence.backbone(name), "simple baseline": simple}
        found = {kind: judged.answer(name, other) for kind, other in rivals.items() if other}
        for row in shuffled[shuffled["system"] == name].to_dict("records"):
            found["shuffled text"] = _answered(row["other"], row)
        for kind in RIVALS:
            yield {"system": name, "question": kind, "answer": NOT_ASKED, **found.get(kind, {})}


def _answered(other: str, row: dict[Any, Any]) -> dict[str, Any]:
    numbers = {column: row[column] for column in ("difference", "low", "high", "p_holm")}
    return {"other": other, "answer": ANSWERS.get(row["verdict"], UNDECIDED), **numbers}


def _sentences(frame: pd.DataFrame, evidence: Evidence, judged: _Judged) -> list[str]:
    """Write the answers of one dataset in two sentences: on the best system, and on the best subject."""
    rows = frame.to_dict("records")
    metric = str(rows[0]["metric"])
    title, best = tables.title(metric), str(rows[0]["system"])
    mean = evidence.samples[metric].mean(best)
    first = (
        f"{tables.escape_markdown(best)} has the highest mean {title}, "
        f"{mean.value:.4f}{bounds(*mean.interval())}{_others(evidence, judged, best)}"
    )
    about = [row for row in rows[1:] if row["system"] == rows[1]["system"]]
    asked = [_asked(row) for row in about if row["answer"] != NOT_ASKED]
    if not asked:
        return [f"{first}."]
    name = tables.escape_markdown(about[0]["system"])
    return [f"{first}.", f"Is {name} ahead of {'; '.join(asked)}. {CORRECTED}"]


def _others(evidence: Evidence, judged: _Judged, best: str) -> str:
    """Say how many of the other primary systems may be as good as the best."""
    others = [name for name in evidence.primary if name != best]
    alike = [name for name in others if judged.answer(best, name)["answer"] != "yes"]
    if not others:
        return ""
    if not alike:
        return "; every other system is significantly worse"
    if len(alike) == len(others):
        return "; no other system is shown to be worse"
    return f"; {len(alike)} of the {len(others)} other systems are not shown to be worse"


def _asked(row: dict[Any, Any]) -> str:
    """One rival with the answer, the difference and its p."""
    other = f" ({tables.escape_markdown(row['other'])})" if row["question"] != "shuffled text" else ""
    interval = bounds(row["low"], row["high"], "+.4f")
    p = "" if pd.isna(row["p_holm"]) else f", {tables.p_value(row['p_holm'])}"
    answer = f"{row['answer'].capitalize()}: {row['difference']:+.4f}{interval}{p}"
    return f"{RIVALS[row['question']]}{other}? {answer}"
