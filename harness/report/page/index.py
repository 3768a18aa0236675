"""index.html: every report of a folder on one page, with what each study asks and what it found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from harness.errors import InputError
from harness.report import tables
from harness.report.page.markdown import to_html
from harness.report.page.page import SIGNS, rendered
from harness.report.sections.questions import RIVALS
from harness.store.files import replaced, writing

INDEX = "index.html"


@dataclass(frozen=True)
class Finding:
    """What a study found on one dataset.

    Attributes:
        dataset: The dataset.
        metric: Title of the metric.
        best: The system with the highest mean.
        subject: The first of the systems that are asked about: the best one of the benchmark's subject, or,
            without one, the best that reads text. Empty if there is none.
        answers: By what the subject is compared with: the sign and the answer.
    """

    dataset: str
    metric: str
    best: str
    subject: str
    answers: dict[str, str]


@dataclass(frozen=True)
class Study:
    """A report of the folder: where it is, what it asks, and what it found."""

    address: str
    name: str
    question: Markup
    findings: tuple[Finding, ...]


def write_index(folder: Path) -> Path:
    """Write index.html with every report of a folder, in the order of their names; returns the file.

    Raises:
        InputError: No folder in it holds a report.
    """
    studies = [_study(report, folder) for report in sorted(folder.glob("*/leaderboard.md"))]
    if not studies:
        raise InputError(f"{folder}: no folder in it holds a leaderboard.md; `intentbench report` writes one")
    content = rendered("index.html", (), studies=studies, rivals=RIVALS)
    with writing(folder), replaced(folder / INDEX) as unfinished:
        unfinished.write_bytes(content.encode("utf-8", errors="replace"))
    return folder / INDEX


def _study(report: Path, folder: Path) -> Study:
    title, question = _beginning(report.read_text(encoding="utf-8"))
    page = report.with_suffix(".html")
    address = (page if page.exists() else report).relative_to(folder).as_posix()
    answers = report.with_name("answers.csv")
    findings = tuple(_findings(answers)) if answers.exists() else ()
    return Study(address, title or report.parent.name, to_html(question), findings)


def _beginning(text: str) -> tuple[str, str]:
    """The title of a report, and the paragraphs up to its first dataset."""
    head, _, _ = text.partition("\n## ")
    title, _, question = head.partition("\n")
    return str(to_html(title.lstrip("# ")).striptags()), question


def _findings(answers: Path) -> Iterator[Finding]:
    for (dataset, metric), rows in tables.read_rows(answers).groupby(["dataset", "metric"], sort=False):
        best = rows[rows["question"] == "best"]["system"].iloc[0]
        asked = rows[rows["question"].isin(list(RIVALS))]
        subject = "" if asked.empty else str(asked["system"].iloc[0])
        own = asked[asked["system"] == subject]
        answered = {
            question: f"{SIGNS[answer]} {answer}"
            for question, answer in zip(own["question"], own["answer"], strict=True)
        }
        yield Finding(str(dataset), tables.title(str(metric)), str(best), subject, answered)
