"""The files of a report: Markdown and LaTeX of all sections, rows as CSV, figures, and the page of it all."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from harness.errors import InputError
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import Plan
from harness.planning.run_status import RunStatus, run_statuses
from harness.report import plots, published, tables
from harness.report.evidence import Evidence
from harness.report.page.page import render
from harness.report.section import Options, Section
from harness.report.sections import strata
from harness.report.sections.ablations import ablations
from harness.report.sections.answers import answers
from harness.report.sections.comparisons import comparisons
from harness.report.sections.contributions import contributions
from harness.report.sections.control_verdicts import control_verdicts
from harness.report.sections.data_card import data_card
from harness.report.sections.grids import grids
from harness.report.sections.head_to_head import head_to_head
from harness.report.sections.leaderboard import absent, heading, leaderboard
from harness.report.sections.losses import losses
from harness.report.sections.provenance import citations, provenance
from harness.report.sections.published import beside_published, our_means, unknown_datasets
from harness.report.sections.questions import Answered
from harness.report.sections.sweeps import variants
from harness.report.sections.tuning import tuning
from harness.report.sections.verdict import verdict
from harness.store.files import replaced, writing
from harness.store.store import Store


def write(
    plan: Plan, store: Store, out: Path, beside: Path | None = None, options: Options | None = None
) -> list[Path]:
    """Write ``leaderboard.{md,csv,tex,html}``, rows of the other sections, and figures; returns the files.

    Without costs the files hold no seconds and no memory. They are then the same however often and wherever
    the plan was run.

    Args:
        plan: The plan of the report.
        store: The store with the runs.
        out: Folder to write to.
        beside: CSV file of published numbers to show beside ours.
        options: What the report shows.

    Raises:
        InputError: The store holds no finished run of the plan, or a damaged one; the published numbers
            cannot be read, or none of them is of a finished run.
    """
    options = options or Options()
    numbers = published.read(beside) if beside else None
    datasets, by_dataset = read_evidence(plan, store)
    finished = [evidence for evidence in datasets if evidence.groups]
    ours = our_means(finished) if numbers is not None else None
    if beside and numbers is not None and ours is not None:
        published.check_any_joined(beside, numbers, ours)
    sections = [Section([f"# {tables.escape_markdown(plan.name)}", tables.escape_paragraphs(plan.about)])]
    answered = {evidence.dataset.name: Answered.of(evidence) for evidence in finished}
    sections.append(verdict(list(answered.values()), options))
    for evidence in datasets:
        name = evidence.dataset.name
        sections += _of_dataset(evidence, answered.get(name), by_dataset[name], options)
        if evidence.groups:
            if numbers is not None and ours is not None:
                sections.append(beside_published(numbers, ours, evidence.dataset.name))
            sections += [*_strata(evidence, options), data_card(evidence)]
    if numbers is not None:
        sections.append(unknown_datasets(numbers, [evidence.dataset.name for evidence in finished]))
    rows = [section.frames["leaderboard"] for section in sections if "leaderboard" in section.frames]
    sections += [*variants(plan, finished, rows, options), comparisons(finished, options)]
    sections += [citations(finished), provenance(plan, finished, options)]
    return _files(plan.name, sections, out, options.formats)


def read_evidence(plan: Plan, store: Store) -> tuple[list[Evidence], dict[str, list[RunStatus]]]:
    """Read the finished runs of every dataset of a plan, and the statuses of all runs by dataset.

    Raises:
        InputError: The store holds no finished run of the plan, or a damaged one.
    """
    statuses = run_statuses(plan, store)
    _refuse_damaged(statuses, store)
    _refuse_unfinished(plan, statuses, store)
    splits: dict[str, list[DatasetVariant]] = {}
    for dataset in plan.variants:
        splits.setdefault(dataset.whole.name, []).append(dataset)
    by_dataset = {
        name: [run for run in statuses if run.dataset in {each.name for each in own}]
        for name, own in splits.items()
    }
    return [Evidence.of(plan, own, by_dataset[name], store) for name, own in splits.items()], by_dataset


def _refuse_damaged(statuses: Sequence[RunStatus], store: Store) -> None:
    """Refuse a store in which the files of a run are not those that were written."""
    for run in statuses:
        if run.status == "damaged":
            where = store.folder(run.identity) if run.identity else store.root
            which = f"{run.dataset} {run.system}"
            raise InputError(f"{where}: {which} is damaged, {run.reason}; `intentbench run` does it again")


def _refuse_unfinished(plan: Plan, statuses: Sequence[RunStatus], store: Store) -> None:
    """Refuse a store without a finished run of the plan."""
    if any(run.status == "finished" for run in statuses):
        return
    counts = Counter(f"{run.status}: {run.reason}" if run.reason else run.status for run in statuses)
    states = "; ".join(f"{count} {state}" for state, count in counts.items())
    raise InputError(
        f"{store.root}: no finished run of the plan {plan.name!r} ({states}); expected "
        "`intentbench run` first"
    )


def _of_dataset(
    evidence: Evidence, answered: Answered | None, statuses: list[RunStatus], options: Options
) -> list[Section]:
    """Make the sections of one dataset, up to tuning."""
    sections = [heading(evidence)]
    if answered is None:
        return [*sections, Section(["No run of this dataset is finished."]), absent(statuses)]
    return [
        *sections,
        answers(answered),
        leaderboard(evidence, options),
        absent(statuses),
        head_to_head(evidence),
        contributions(evidence),
        control_verdicts(evidence),
        ablations(evidence, options),
        grids(evidence, options),
        losses(evidence, options),
        tuning(evidence, options),
    ]


def _strata(evidence: Evidence, options: Options) -> list[Section]:
    """Make the sections of strata that the plan asks for."""
    sections = []
    if evidence.plan.strata is not None:
        sections.append(strata.users(evidence, evidence.plan.strata, options))
    if evidence.plan.evaluation.item_strata:
        sections.append(strata.items(evidence, options))
    return sections


PACKED = ("users",)
"""Rows that are so many that their file is compressed."""


def _files(name: str, sections: Sequence[Section], out: Path, formats: Sequence[str]) -> list[Path]:
    """Write the sections to files; returns the files, leaderboard.md first.

    Figures are written as PNG, which leaderboard.md shows, and in the other formats that are asked for. The
    page holds them as SVG, whatever is asked for.
    """
    text = {
        "leaderboard.md": [part for section in sections for part in section.markdown if part],
        "leaderboard.tex": [part for section in sections for part in section.tex],
    }
    # The reason of a failure may hold characters that UTF-8 cannot encode; they become "?".
    contents = {file: _encoded("\n\n".join(parts) + "\n") for file, parts in text.items()}
    rows: dict[str, list[pd.DataFrame]] = {}
    for section in sections:
        for frame_name, frame in section.frames.items():
            rows.setdefault(frame_name, []).append(frame)
    for frame_name, frames in rows.items():
        with_rows = [frame for frame in frames if not frame.empty] or frames[:1]
        content = _encoded(tables.csv_text(tables.stacked(with_rows)))
        if frame_name in PACKED:
            contents[f"{frame_name}.csv.gz"] = gzip.compress(content, mtime=0)
        else:
            contents[f"{frame_name}.csv"] = content
    with writing(out):
        figures = {name: figure for section in sections for name, figure in section.figures.items()}
        wanted = {"png", *formats}
        drawn = plots.draw_all(figures, wanted | {"svg"})
        vectors = {figure: own["svg"].decode() for figure, own in drawn.items()}
        contents["leaderboard.html"] = _encoded(render(name, sections, vectors))
        for figure, own in drawn.items():
            contents |= {f"{figure}.{suffix}": own[suffix] for suffix in sorted(wanted)}
        for file, content in contents.items():
            with replaced(out / file) as unfinished:
                unfinished.write_bytes(content)
        return [out / file for file in contents]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
