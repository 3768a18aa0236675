"""Each term's share of a system's training loss, at the best epoch and over all epochs."""

from __future__ import annotations

import pandas as pd

from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section
from harness.store.record import RunRecord


def losses(evidence: Evidence, options: Options) -> Section:
    """Show the shares of the loss for every trained system that has more terms than a ranking loss and L2.

    Text and figure leave out ablations, controls and grid points; ``losses.csv`` has every system.
    """
    courses = {name: course for name in evidence.groups if (course := _course(evidence, name)) is not None}
    if not courses:
        return Section()
    frame = pd.concat(courses.values(), ignore_index=True)
    rows = frame.assign(dataset=evidence.dataset.name)
    plain = [name for name in courses if name in evidence.plain]
    if not plain:
        return Section(frames={"losses": rows})
    lines = [f"- {tables.escape_markdown(name)}: {_at_best_epoch(evidence, name)}" for name in plain]
    text = ["### Loss terms", "Shares of the training loss at the best epoch:", "\n".join(lines)]
    if not options.figures:
        return Section(text, frames={"losses": rows})
    name = f"losses-{evidence.dataset.name}"
    figure = plots.courses(frame[frame["system"].isin(plain)])
    text.append(f"![Shares of the loss over epochs]({name}.png)")
    return Section(text, frames={"losses": rows}, figures={name: figure})


def _course(evidence: Evidence, system: str) -> pd.DataFrame | None:
    """Return ``system``, ``term``, ``epoch``, ``loss`` and ``share``, averaged over the system's runs.

    Epochs that not every run reached are left out. None if the system has two terms or fewer.
    """
    runs = [pd.DataFrame(record.losses) for record in _records(evidence, system)]
    if not runs or len(runs[0].columns) <= 2:
        return None
    mean = sum(run.iloc[: min(map(len, runs))] for run in runs) / len(runs)
    mean = mean.set_axis(mean.index + 1).rename_axis("epoch")
    loss = mean.melt(var_name="term", value_name="loss", ignore_index=False).reset_index()
    total = mean.sum(axis="columns").loc[loss["epoch"]].to_numpy()
    loss = loss.assign(share=loss["loss"] / total)
    loss.insert(0, "system", system)
    return loss


def _at_best_epoch(evidence: Evidence, system: str) -> str:
    """List every term's share, averaged over the best epochs of the system's runs."""
    best = pd.DataFrame(
        [
            {term: course[max(record.best_epoch or 0, 1) - 1] for term, course in record.losses.items()}
            for record in _records(evidence, system)
        ]
    ).mean()
    shares = (100.0 * best / best.sum()).sort_values(ascending=False, kind="stable")
    return ", ".join(
        f"{tables.escape_markdown(str(term))} {_per_cent(share)} %" for term, share in shares.items()
    )


def _per_cent(share: float) -> str:
    """Two digits, and no power of ten for 99.6 and above."""
    return f"{share:.0f}" if share >= 10 else f"{share:.2g}"


def _records(evidence: Evidence, system: str) -> list[RunRecord]:
    """Return the records of the system's runs that were trained in epochs."""
    return [record for record in evidence.records[system] if record.losses]
