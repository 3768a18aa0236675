"""Whether text pays, which loss terms, for whom and at what cost: on each dataset and across them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.stats.across import across
from harness.evaluation.stats.estimate import Estimate
from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section
from harness.report.sections.questions import (
    RIVALS,
    TERMS,
    TEXT,
    USERS,
    Answered,
    judged,
    per_cent,
    readers,
)
from harness.store.columns import CPU
from harness.systems.registry import SUBJECT

ACROSS = "across datasets"
KEY = ["kind", "system", "question"]

HEADINGS = {
    TEXT: ("### Does the text help?", "Is it ahead of"),
    TERMS: ("### Which loss terms pay?", "Is it ahead of itself without"),
    USERS: ("### For which users?", "Is it ahead of its backbone for users with"),
}
"""For each kind of question the heading of its table, and that of the table's first column."""


def verdict(datasets: Sequence[Answered], options: Options) -> Section:
    """Put the answers of all datasets into tables, and combine them across datasets.

    Empty if the study asks of no system whether its text beats shuffled text. It is then about something
    else.
    """
    rows = tables.stacked([_named(each) for each in datasets]) if datasets else pd.DataFrame()
    if rows.empty or "shuffled text" not in set(rows["question"]):
        return Section()
    first = datasets[0].evidence
    smallest = first.plan.smallest_effect
    combined = _combined(datasets, smallest.size if smallest.is_share else float("nan"))
    rows = tables.stacked([rows, combined])
    metric = tables.title(first.shown[0])
    systems = sorted(rows["system"].unique(), key=lambda name: not name.startswith(f"{SUBJECT}["))
    text, tex = ["## The verdict", _about(metric, first, combined)], list[str]()
    for kind, (heading, column) in HEADINGS.items():
        own = rows[rows["kind"] == kind]
        if not own.empty:
            table = _table(own, column, systems)
            text += [heading, tables.markdown(table)]
            tex += [heading.replace("###", "%"), tables.latex(table)]
        if kind == TEXT and options.figures:
            text += ["![Gains over the rivals](verdict.png)", EDGE]
    rows.insert(0, "dataset", rows.pop("dataset"))
    rows.insert(1, "metric", first.shown[0])
    frames = {"verdict": rows}
    costs = _costs([each.evidence for each in datasets]) if options.costs else pd.DataFrame()
    if not costs.empty:
        text += ["### At what cost?", tables.markdown(_cost_table(costs)), COSTS]
        frames["verdict-costs"] = costs
    if not options.figures:
        return Section(text, tex, frames)
    figure = plots.forest(rows[rows["kind"] == TEXT], systems, RIVALS, metric, ACROSS)
    return Section(text, tex, frames, {"verdict": figure})


EDGE = f"Gains and ends of intervals beyond {plots.BEYOND:.0f} % are drawn at the edge of the figure."

COSTS = (
    "The numbers are seconds on the processor, summed over threads, of one run with its test: the median "
    "over the finished runs, and how many times that of the backbone. Joules were not measured."
)


def _named(answered: Answered) -> pd.DataFrame:
    return answered.rows.assign(dataset=answered.evidence.dataset.name)


def _combined(datasets: Sequence[Answered], smallest: float) -> pd.DataFrame:
    """Combine the gains of each question over the datasets that answer it, if these are two or more.

    Empty if the sources of the datasets are not independent.

    Args:
        datasets: The answers on each dataset.
        smallest: A gain below this share of the other's mean counts as none. NaN if the plan gives no share,
            but a difference of the metric, which is another share on each dataset: then none counts as equal.
    """
    sources = {each.evidence.dataset.source.origin for each in datasets}
    if len(datasets) < 2 or len(sources) < len(datasets):
        return pd.DataFrame()
    effects: dict[tuple[str, ...], list[tuple[str, Estimate]]] = {}
    for each in datasets:
        for row, gain in zip(each.rows.to_dict("records"), each.gains, strict=True):
            effects.setdefault(tuple(row[column] for column in KEY), []).append((row["other"], gain))
    rows = []
    for key, effect in effects.items():
        others, gains = zip(*effect, strict=True)
        if len(gains) > 1:
            whole = across(gains)
            other = others[0] if len(set(others)) == 1 else ""
            row = dict(zip(KEY, key, strict=True)) | {"other": other, "datasets": len(gains)}
            rows.append(row | {"p": whole.p, "p_equal": whole.p_equal(smallest)} | per_cent(whole))
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    return judged(frame.assign(difference=frame["gain_percent"])).assign(dataset=ACROSS, difference=np.nan)


def _about(metric: str, first: Evidence, combined: pd.DataFrame) -> str:
    text = (
        f"The per cents are gains in {metric} over what stands behind the question, with 95 % intervals that "
        "allow for other users, other seeds and, where there are several, other splits. Yes and no are "
        "significant at .05 after Holm's correction over the questions of one table and dataset; equal means "
        f"that the gain is significantly below {first.plan.smallest_effect}."
    )
    if combined.empty:
        return text
    return (
        f"{text} The last column holds the mean gain in a model of random effects over the datasets that "
        "answer the question: what to expect on another dataset of this kind. With so few datasets its "
        "intervals are wide."
    )


def _table(rows: pd.DataFrame, column: str, systems: Sequence[str]) -> pd.DataFrame:
    """One row for each question and system, one column for each dataset and one for all.

    Args:
        rows: Questions of one kind.
        column: Heading of the column with the questions.
        systems: The order of the systems.
    """
    questions = list(dict.fromkeys([*RIVALS, *rows["question"]]))
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows.to_dict("records"):
        cells.setdefault((row["question"], row["system"]), {})[row["dataset"]] = _cell(row)
    table = [
        {column: RIVALS.get(question, question), "System": system} | cells[question, system]
        for question, system in sorted(
            cells, key=lambda key: (questions.index(key[0]), systems.index(key[1]))
        )
    ]
    return pd.DataFrame(table, columns=[column, "System", *rows["dataset"].unique()]).fillna("")


def _cell(row: Mapping[Hashable, Any]) -> str:
    gain, low, high = (row[name] for name in ("gain_percent", "gain_low", "gain_high"))
    if np.isnan(gain):
        return str(row["answer"])
    interval = "" if np.isnan(low) else f" [{low:+.1f}, {high:+.1f}]"
    counted = f" ({row['datasets']:.0f} datasets)" if row["dataset"] == ACROSS else ""
    return f"{row['answer']}: {gain:+.1f} %{interval}{counted}"


def _costs(datasets: Sequence[Evidence]) -> pd.DataFrame:
    """Seconds on the processor of each system with text and of its backbone, on each dataset."""
    rows = []
    for evidence in datasets:
        for name in readers(evidence):
            own, backbone = evidence.median_costs(name)[CPU], evidence.backbone(name)
            base = evidence.median_costs(backbone)[CPU] if backbone else float("nan")
            row = {"dataset": evidence.dataset.name, "system": name, "cpu_s": own}
            rows.append(row | {"backbone": backbone or "", "backbone_cpu_s": base})
    return pd.DataFrame(rows).dropna(subset=["cpu_s"]) if rows else pd.DataFrame()


def _cost_table(costs: pd.DataFrame) -> pd.DataFrame:
    times = costs["cpu_s"] / costs["backbone_cpu_s"]
    cells = [
        f"{own:.1f}" + ("" if np.isnan(ratio) else f" ({ratio:.1f} x)")
        for own, ratio in zip(costs["cpu_s"], times, strict=True)
    ]
    return tables.cross_table(costs.assign(System=costs["system"], cell=cells), "System", "dataset", "cell")
