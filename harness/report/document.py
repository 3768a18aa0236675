"""The report's files: Markdown and LaTeX of all sections, rows as CSV, figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from harness.errors import InputError
from harness.planning.parts import DatasetPlan
from harness.planning.plan import Plan
from harness.planning.run_status import RunStatus, run_statuses
from harness.report import plots, published
from harness.report.evidence import Evidence, Options, Section
from harness.report.sections import strata
from harness.report.sections.ablations import ablations
from harness.report.sections.comparisons import comparisons
from harness.report.sections.control_verdicts import on_controls
from harness.report.sections.grids import grids
from harness.report.sections.leaderboard import absent, beside_published, heading, leaderboard
from harness.report.sections.losses import losses
from harness.report.sections.sweeps import variants
from harness.report.sections.tuning import tuning
from harness.store.files import replaced, writing
from harness.store.store import Store


def write(
    plan: Plan, store: Store, out: Path, beside: Path | None = None, options: Options | None = None
) -> list[Path]:
    """Write ``leaderboard.{md,csv,tex}``, rows of further comparisons and figures; returns the files.

    ``beside`` is a file of published numbers to show beside ours. Without costs the files hold no
    seconds and no memory, and are the same however often and wherever the plan was run.

    Raises:
        InputError: The store holds no finished run of the plan, or a damaged one; the published numbers
            are unreadable.
    """
    known = published.read(beside) if beside else None
    found = run_statuses(plan, store)
    _refuse_damaged(found, store)
    if not any(each.status == "finished" for each in found):
        counts = Counter(f"{each.status}: {each.reason}" if each.reason else each.status for each in found)
        states = "; ".join(f"{count} {state}" for state, count in counts.items())
        raise InputError(
            f"{store.root}: no finished run of the plan {plan.name!r} ({states}); expected "
            "`intentbench run` first"
        )
    options = options or Options()
    sections, everything = [Section([f"# {plan.name}", plan.about.strip()])], []
    for dataset in plan.datasets:
        mine = [each for each in found if each.dataset == dataset.name]
        evidence = Evidence.of(plan, dataset, mine, store)
        sections += _dataset(plan, dataset, mine, evidence, known, options)
        everything += [evidence] if evidence.groups else []
    rows = [each.frames["leaderboard"] for each in sections if "leaderboard" in each.frames]
    sections += [*variants(plan, everything, rows, options), comparisons(everything, options)]
    return _files(sections, out)


def _refuse_damaged(found: list[RunStatus], store: Store) -> None:
    """No table is made of files that are not those that were written."""
    for each in found:
        if each.status == "damaged":
            where = store.folder(each.identity) if each.identity else store.root
            which = f"{each.dataset} {each.system}"
            raise InputError(f"{where}: {which} is damaged, {each.reason}; `intentbench run` does it again")


def _dataset(
    plan: Plan,
    dataset: DatasetPlan,
    mine: list[RunStatus],
    evidence: Evidence,
    known: pd.DataFrame | None,
    options: Options,
) -> list[Section]:
    """Everything about one dataset."""
    found = [heading(plan, dataset, evidence.store)]
    if not evidence.groups:
        return [*found, Section(["No run of this dataset is finished."]), absent(mine)]
    found += [leaderboard(evidence, options), absent(mine), on_controls(evidence)]
    found += [ablations(evidence, options), grids(evidence, options), losses(evidence, options)]
    found.append(tuning(evidence, options))
    if known is not None:
        found.append(beside_published(known, evidence))
    if plan.strata is not None:
        found.append(strata.users(evidence, plan.strata, options))
    if plan.evaluation.item_strata:
        found.append(strata.items(evidence, options))
    return found


def _files(sections: list[Section], out: Path) -> list[Path]:
    text = {
        "leaderboard.md": [part for each in sections for part in each.markdown if part],
        "leaderboard.tex": [part for each in sections for part in each.tex],
    }
    contents = {name: "\n\n".join(parts) + "\n" for name, parts in text.items()}
    rows: dict[str, list[pd.DataFrame]] = {}
    for each in sections:
        for name, frame in each.frames.items():
            rows.setdefault(name, []).append(frame)
    for name, frames in rows.items():
        contents[f"{name}.csv"] = pd.concat(frames, ignore_index=True).to_csv(index=False)
    with writing(out):
        for name, content in contents.items():
            with replaced(out / name) as unfinished:
                unfinished.write_text(content, encoding="utf-8")
        figures = {name: figure for each in sections for name, figure in each.figures.items()}
        return [out / name for name in contents] + plots.save_all(figures, out)
