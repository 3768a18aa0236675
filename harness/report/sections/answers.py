"""The answers on one dataset: who is best, and what each system that reads text is ahead of."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.report import tables
from harness.report.evidence import Evidence
from harness.report.section import Section
from harness.report.sections.questions import ANSWERS, NOT_ASKED, RIVALS, TEXT, UNDECIDED, Answered, readers
from harness.report.tables.cells import bounds

CORRECTED = (
    "The answers use p after Holm's correction over these questions. Each interval is that of one difference "
    "alone, so it may leave out 0 while the answer is still open."
)

COLUMNS = [
    "system", "question", "other", "answer", "difference", "low", "high", "p_holm",
    "gain_percent", "gain_low", "gain_high",
]  # fmt: skip


def answers(answered: Answered) -> Section:
    """Answer, on the first metric shown, who is best and what each system that reads text is ahead of.

    Who is best comes from the test of all pairs. The other questions are a family of their own.
    """
    evidence = answered.evidence
    if not evidence.primary:
        return Section()
    frame = pd.DataFrame([_best(evidence), *_asked(answered)]).reindex(columns=COLUMNS)
    frame.insert(0, "dataset", evidence.dataset.name)
    frame.insert(1, "metric", evidence.shown[0])
    return Section(_sentences(frame, evidence), frames={"answers": frame})


def _best(evidence: Evidence) -> dict[str, Any]:
    """The system with the highest mean, and whether it is ahead of the next one."""
    sample = evidence.samples[evidence.shown[0]].of(evidence.primary)
    one, *others = sample.totals.sort_values(ascending=False, kind="stable").index
    row = {"system": one, "question": "best"}
    if not others:
        return row
    difference = sample.difference(one, others[0])
    low, high = difference.interval()
    verdict, p = _judged_pair(evidence, one, others[0])
    answer = ANSWERS.get(verdict, UNDECIDED)
    numbers = {"difference": difference.value, "low": low, "high": high, "p_holm": p}
    return row | {"other": others[0], "answer": answer} | numbers


def _judged_pair(evidence: Evidence, one: str, other: str) -> tuple[str, float]:
    """The verdict on ``one`` against ``other``, of a lower mean, and p: from the test of all pairs.

    Two systems with the same runs are one there, and equal.
    """
    metric = evidence.shown[0]
    alike = evidence.samples[metric].of(evidence.primary).first_alike
    if alike[one] == alike[other]:
        return "equal", float("nan")
    pairs = evidence.pairs[metric]
    both = {alike[one], alike[other]}
    row = pairs[pairs["first"].isin(both) & pairs["second"].isin(both)].iloc[0]
    return {"worse": "better"}.get(row["verdict"], row["verdict"]), row["p_holm"]


def _asked(answered: Answered) -> list[dict[str, Any]]:
    """A row for every system that reads text and each of RIVALS, whether the plan asks it or not."""
    found = {(row["system"], row["question"]): row for row in answered.of_kind(TEXT).to_dict("records")}
    return [
        {"system": name, "question": rival, "answer": NOT_ASKED} | found.get((name, rival), {})
        for name in readers(answered.evidence)
        for rival in RIVALS
    ]


def _sentences(frame: pd.DataFrame, evidence: Evidence) -> list[str]:
    """Write in two sentences who is best, and what the first of the systems with text is ahead of."""
    rows = frame.to_dict("records")
    metric = str(rows[0]["metric"])
    title, best = tables.title(metric), str(rows[0]["system"])
    mean = evidence.samples[metric].mean(best)
    first = (
        f"{tables.escape_markdown(best)} has the highest mean {title}, "
        f"{mean.value:.4f}{bounds(*mean.interval())}{_others(evidence, best)}"
    )
    about = [row for row in rows[1:] if row["system"] == rows[1]["system"]]
    asked = [_sentence(row) for row in about if row["answer"] != NOT_ASKED]
    if not asked:
        return [f"{first}."]
    name = tables.escape_markdown(about[0]["system"])
    return [f"{first}.", f"Is {name} ahead of {'; '.join(asked)}. {CORRECTED}"]


def _others(evidence: Evidence, best: str) -> str:
    """Say how many of the other primary systems may be as good as the best."""
    others = [name for name in evidence.primary if name != best]
    alike = [name for name in others if _judged_pair(evidence, best, name)[0] != "better"]
    if not others:
        return ""
    if not alike:
        return "; every other system is significantly worse"
    if len(alike) == len(others):
        return "; no other system is shown to be worse"
    verb = "is" if len(alike) == 1 else "are"
    return f"; of the {len(others)} other systems {len(alike)} {verb} not shown to be worse"


def _sentence(row: dict[str, Any]) -> str:
    """One rival with the answer, the difference and its p."""
    other = f" ({tables.escape_markdown(row['other'])})" if row["question"] != "shuffled text" else ""
    interval = bounds(row["low"], row["high"], "+.4f")
    p = "" if pd.isna(row["p_holm"]) else f", {tables.p_value(row['p_holm'])}"
    answer = f"{row['answer'].capitalize()}: {row['difference']:+.4f}{interval}{p}"
    return f"{RIVALS[row['question']]}{other}? {answer}"
