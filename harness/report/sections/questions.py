"""The questions that a study asks of each system that reads text, and their answers on one dataset.

Is it ahead of the same system without text, or with the text of others? Of the best simple baseline? Of
itself without one of its loss terms? Among which users? The plan fixes the questions before anything is
trained, and so each kind of them is one family of tests. That is a smaller family than all pairs of systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from harness.evaluation.stats.across import UNKNOWN
from harness.evaluation.stats.comparison import with_verdicts
from harness.evaluation.stats.estimate import Estimate
from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.stratified import in_strata
from harness.planning.runs import runs_on
from harness.planning.tasks import Run
from harness.report.evidence import Evidence
from harness.report.sections.unchanged import unchanged_systems
from harness.systems.registry import SUBJECT

RIVALS = {
    "backbone": "its backbone",
    "equal size": "its backbone with as many parameters",
    "shuffled text": "itself with shuffled text",
    "simple baseline": "the best simple baseline",
}
"""What a system is compared with, and how a sentence says it.

A simple baseline is one in closed form that reads no text. The best has the highest mean on the test pairs,
so that it is the hardest to beat.
"""

ANSWERS = {"better": "yes", "worse": "no", "equal": "equal"}
"""The answer to whether a system is ahead of another, by its verdict. For any other it is UNDECIDED."""

UNDECIDED, NOT_ASKED = "not decided", "not asked"

TEXT, TERMS, USERS = "text", "terms", "users"
"""The kinds of questions. Each is a family of tests on each dataset."""

DIFFERENCE = ["difference", "low", "high", "p", "p_equal"]
GAIN = ["gain_percent", "gain_low", "gain_high", "gain_error"]
NUMBERS = [*DIFFERENCE, *GAIN]


class Question(NamedTuple):
    """A question: is ``system`` ahead of ``other``?

    Attributes:
        kind: TEXT, TERMS or USERS.
        system: The system that reads text.
        name: A key of RIVALS; the loss terms that are taken away; or a stratum of users.
        other: What it is compared with.
        sample: The scores that tell.
    """

    kind: str
    system: str
    name: str
    other: str
    sample: Sample


@dataclass(frozen=True)
class Answered:
    """The answers on one dataset.

    Attributes:
        evidence: The finished runs.
        rows: One row for each question: ``kind``, ``system``, ``question``, ``other``, the difference of the
            first metric shown with its interval and tests, the gain (in per cent of the other's mean) with
            its interval and standard error, ``p_holm``, ``verdict`` and ``answer``.
        gains: The gain of each question as a share, in the order of the rows.
    """

    evidence: Evidence
    rows: pd.DataFrame
    gains: list[Estimate]

    @classmethod
    def of(cls, evidence: Evidence) -> Answered:
        """Answer the questions whose systems have finished runs. Systems of the subject come first."""
        questions = list(_questions(evidence))
        gains = [_gain(each) for each in questions]
        rows = [
            {"kind": each.kind, "system": each.system, "question": each.name, "other": each.other}
            | _numbers(each, gain, evidence)
            for each, gain in zip(questions, gains, strict=True)
        ]
        frame = pd.DataFrame(rows, columns=["kind", "system", "question", "other", *NUMBERS])
        return cls(evidence, judged(frame), gains)

    def of_kind(self, kind: str) -> pd.DataFrame:
        """The rows of one kind of questions."""
        return self.rows[self.rows["kind"] == kind]


def judged(frame: pd.DataFrame) -> pd.DataFrame:
    """Add Holm's p, verdict and answer to questions, of which each kind is a family."""
    families = [with_verdicts(family) for _, family in frame.groupby("kind", sort=False)]
    rows = pd.concat(families).sort_index() if families else with_verdicts(frame)
    return rows.assign(answer=[ANSWERS.get(verdict, UNDECIDED) for verdict in rows["verdict"]])


def readers(evidence: Evidence) -> list[str]:
    """The primary systems that read text: those of the subject first, and those of higher means first."""
    totals = evidence.samples[evidence.shown[0]].totals
    names = [name for name in evidence.primary if evidence.specs[name].needs_text]
    return sorted(names, key=lambda name: (evidence.specs[name].alignment != SUBJECT, -totals[name]))


def _questions(evidence: Evidence) -> Iterator[Question]:
    sample = evidence.samples[evidence.shown[0]]
    strata = _ends(evidence, sample)
    for name in readers(evidence):
        for rival, other in rivals(evidence, name).items():
            yield Question(TEXT, name, rival, other, sample)
        for terms, other in _without_terms(evidence, name):
            yield Question(TERMS, name, terms, other, sample)
        backbone = evidence.backbone(name)
        if backbone:
            for label, members in strata.items():
                yield Question(USERS, name, label, backbone, members)


def rivals(evidence: Evidence, name: str) -> dict[str, str]:
    """What a system is compared with, by the keys of RIVALS; those without finished runs are left out."""
    spec, totals = evidence.specs[name], evidence.samples[evidence.shown[0]].totals
    simple = [
        each
        for each in evidence.primary
        if evidence.specs[each].is_classic and not evidence.specs[each].needs_text
    ]
    wanted = {
        "backbone": evidence.backbone(name),
        "equal size": evidence.equal_size(name),
        "shuffled text": replace(spec, text="shuffled").name,
        "simple baseline": str(totals[simple].idxmax()) if simple else None,
    }
    return {rival: other for rival, other in wanted.items() if other in evidence.groups and other != name}


def _without_terms(evidence: Evidence, name: str) -> Iterator[tuple[str, str]]:
    """The loss terms that a system lacks in some version of it, and that version's name.

    An ablation has the hyper-parameters of the full system, as far as the plan says so. A grid point with
    weights of 0 was tuned by itself.
    """
    for variant, full in unchanged_systems(evidence, "ablated").items():
        if full == name:
            yield ", ".join(evidence.specs[variant].ablated), variant
    spec = evidence.specs[name]
    term_of = {weight: term for term, weight in spec.weight_names().items()}
    runs = [run for run in runs_on(evidence.plan, evidence.dataset) if isinstance(run, Run)]
    for run in runs:
        is_point = run.varied and not run.repetition and run.system == spec and run.name in evidence.groups
        if is_point and set(run.varied) <= set(term_of) and not any(map(run.settings.get, run.varied)):
            yield f"{', '.join(term_of[weight] for weight in run.varied)} (tuned without)", run.name


def _ends(evidence: Evidence, sample: Sample) -> dict[str, Sample]:
    """The scores of the users of the sparsest and of the densest stratum of the plan."""
    plan = evidence.plan.strata
    labels = evidence.user_strata(sample.users, plan) if plan else None
    if labels is None:
        return {}
    strata = [own for own in in_strata(sample, labels).values() if len(own.users)]
    if len(strata) < 2:
        return {}
    return {"fewest train pairs": strata[0], "most train pairs": strata[-1]}


def _gain(question: Question) -> Estimate:
    if not question.sample.totals[question.other]:
        return UNKNOWN
    return question.sample.gain(question.system, question.other)


def _numbers(question: Question, gain: Estimate, evidence: Evidence) -> dict[str, float]:
    difference = question.sample.difference(question.system, question.other)
    smallest = evidence.plan.smallest_effect.beside(float(question.sample.totals[question.other]))
    values = (difference.value, *difference.interval(), difference.p, difference.p_equal(smallest))
    return dict(zip(DIFFERENCE, values, strict=True)) | per_cent(gain)


def per_cent(gain: Estimate) -> dict[str, float]:
    """The columns GAIN of a gain."""
    values = (gain.value, *gain.interval(), gain.error)
    return {column: 100.0 * value for column, value in zip(GAIN, values, strict=True)}
