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

UNDECIDED, NOT_ASKED = "not decided", "not asked"

RIVALS = {
    "backbone": "its backbone",
    "shuffled text": "itself with shuffled text",
    "simple baseline": "the best simple baseline",
}
"""What the subject is compared with, and how a sentence says it."""

COLUMNS = ["system", "question", "other", "answer", "difference", "low", "high", "p_holm"]


def answers(evidence: Evidence) -> Section:
    """Answer, on the first metric shown, who is best and whether the subject is ahead of its rivals.

    The answers are the verdicts of all pairs and of the comparisons with controls; nothing is tested anew.
    """
    metric = evidence.shown[0]
    rows = [_best(evidence, metric), *_ahead(evidence, metric)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame.insert(0, "dataset", evidence.dataset.name)
    frame.insert(1, "metric", metric)
    return Section(sentences(frame, evidence), frames={"answers": frame})


def _best(evidence: Evidence, metric: str) -> dict[str, Any]:
    """The system with the highest mean. ``other`` is the second best; the answer says whether it is worse."""
    totals = evidence.samples[metric].totals
    order = list(
        totals[evidence.primary or list(totals.index)].sort_values(ascending=False, kind="stable").index
    )
    row = {"system": order[0], "question": "best"}
    return row | (_verdict(evidence.pairs[metric], order[0], order[1]) if order[1:] else {})


def _ahead(evidence: Evidence, metric: str) -> Iterator[dict[str, Any]]:
    """Yield the answer for every system with the subject and each of RIVALS, the best system first."""
    totals, pairs = evidence.samples[metric].totals, evidence.pairs[metric]
    subjects = [name for name in evidence.primary if evidence.specs[name].alignment == SUBJECT]
    classics = [name for name in evidence.primary if evidence.specs[name].is_classic]
    simple = str(totals[classics].idxmax()) if classics else None
    controls = judged_by_controls(evidence)
    shuffled = controls[(controls["kind"] == "control") & (controls["control"] == "text=shuffled")]
    for name in totals[subjects].sort_values(ascending=False, kind="stable").index:
        rivals = {"backbone": evidence.backbone(name), "simple baseline": simple}
        found = {kind: _verdict(pairs, name, other) for kind, other in rivals.items() if other}
        for row in shuffled[shuffled["system"] == name].to_dict("records"):
            found["shuffled text"] = _answered(row["other"], row["verdict"], row)
        for kind in RIVALS:
            yield {"system": name, "question": kind, "answer": NOT_ASKED, **found.get(kind, {})}


def _verdict(pairs: pd.DataFrame, name: str, other: str) -> dict[str, Any]:
    """What the test of all pairs says of ``name`` against ``other``."""
    for row in pairs.to_dict("records"):
        if (row["first"], row["second"]) == (name, other):
            return _answered(other, row["verdict"], row)
        if (row["first"], row["second"]) == (other, name):
            turned = {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
            verdict = "worse" if row["verdict"] == "better" else row["verdict"]
            return _answered(other, verdict, row | turned)
    return {"other": other, "answer": "no", "difference": 0.0}  # the two are the same runs


def _answered(other: str, verdict: str, row: dict[Any, Any]) -> dict[str, Any]:
    numbers = {column: row[column] for column in ("difference", "low", "high", "p_holm")}
    return {"other": other, "answer": ANSWERS.get(verdict, UNDECIDED), **numbers}


def sentences(frame: pd.DataFrame, evidence: Evidence) -> list[str]:
    """Write the answers of one dataset in two sentences: on the best system, and on the best subject."""
    rows = frame.to_dict("records")
    metric = str(rows[0]["metric"])
    title, best = tables.title(metric), str(rows[0]["system"])
    mean = evidence.samples[metric].mean(best)
    name = tables.escape_markdown(best)
    others = len(evidence.primary) - 1
    alike = evidence.pairs[metric]
    alike = alike[(alike["first"] == best) & (alike["verdict"] != "better")]
    first = f"{name} has the highest mean {title}, {mean.value:.4f}{bounds(*mean.interval())}"
    if others == 1:
        first += (
            f"; {'it is not shown to differ' if len(alike) else 'it differs significantly'} from the other"
        )
    elif others > 1:
        first += f"; {len(alike)} of the {others} other systems are not shown to be worse"
    about = [row for row in rows[1:] if row["system"] == rows[1]["system"]]
    asked = [_asked(row) for row in about if row["answer"] != NOT_ASKED]
    if not asked:
        return [f"{first}."]
    return [f"{first}.", f"Is {tables.escape_markdown(about[0]['system'])} ahead of {'; '.join(asked)}."]


def _asked(row: dict[Any, Any]) -> str:
    """One rival with the answer and the difference."""
    other = f" ({tables.escape_markdown(row['other'])})" if row["question"] != "shuffled text" else ""
    interval = bounds(row["low"], row["high"], "+.4f")
    return (
        f"{RIVALS[row['question']]}{other}? {row['answer'].capitalize()}: {row['difference']:+.4f}{interval}"
    )
