"""A dataset's leaderboard: the table, how to read it, and which runs are not in it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.data.dataset import SPLITS
from harness.evaluation.stats.comparison import compare_with_references
from harness.evaluation.stats.pairs import letters
from harness.evaluation.stats.these_runs import with_tests_of_these_runs
from harness.planning.run_status import RunStatus
from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section
from harness.report.sections.leaderboard_caption import caption, from_elsewhere
from harness.report.sections.odd_runs import FLAG, odd_runs, sentence
from harness.report.sections.simple_baselines import beats_simple_baselines
from harness.report.sections.ties import ties
from harness.report.sections.tuning import spent
from harness.store.columns import COSTS
from harness.text.intents.spec import IntentsSpec


def heading(evidence: Evidence) -> Section:
    """Write the dataset's name, its sizes, and the notes that were made when it was prepared."""
    first = evidence.splits[0]
    facts = evidence.store.notes.description(first.key(evidence.plan.seed)) or {}
    notes = [f"Note: {tables.escape_markdown(text)}." for text in facts.get("notes", [])]
    sizes, count = _sizes(facts), len(evidence.splits)
    if count > 1:
        sizes = f"{count} independent splits. The numbers and notes here are those of the first: {sizes}"
    return Section([f"## {tables.escape_markdown(evidence.dataset.name)}", sizes, *notes])


def leaderboard(evidence: Evidence, options: Options) -> Section:
    """Make the table of one dataset, its caption, its rows and its figure of costs."""
    shown, name = evidence.shown, evidence.dataset.name
    comparison = pd.concat([compared(evidence, metric) for metric in shown], ignore_index=True)
    costs = pd.DataFrame({system: _costs(evidence, system) for system in evidence.groups}).T
    odd = odd_runs(evidence)
    costs["flag"] = [FLAG if name in set(odd["system"]) else "" for name in costs.index]
    if any(spec.is_external for spec in evidence.specs.values()):
        costs["external"] = ["yes" if evidence.specs[name].is_external else "" for name in costs.index]
    figures = {}
    if options.figures and options.costs and evidence.plain:
        points = comparison[(comparison["metric"] == shown[0]) & comparison["system"].isin(evidence.plain)]
        points = points.merge(costs, left_on="system", right_index=True)
        points = points.dropna(subset=["seconds_s"]).sort_values("mean", ascending=False, kind="stable")
        if len(points):
            figures[f"costs-{name}"] = plots.costs(points, tables.title(shown[0]), evidence.looks)
    beats = beats_simple_baselines(evidence, shown[0])
    if evidence.plan.tuning and beats:
        costs["beats"] = [beats.get(name, "") for name in costs.index]
    if evidence.plan.tuning:
        costs = costs.join(spent(evidence))
    if not options.costs:
        measured = [*COSTS, "peak_bytes", "tuning_s", "tuning_cpu_s"]
        costs = costs.drop(columns=measured, errors="ignore")
    text_spec = evidence.dataset.text
    if isinstance(text_spec, IntentsSpec):
        specs = evidence.specs
        costs["text"] = [text_spec.writer.name if specs[name].needs_text else "" for name in costs.index]
    of_first = letters(evidence.pairs[shown[0]])
    alike = evidence.samples[shown[0]].of(evidence.primary).first_alike
    letters_of_systems = {name: of_first[first] for name, first in alike.items()} if of_first else {}
    markdown, latex, plain = (
        tables.leaderboard(comparison, costs, shown, look, letters_of_systems)
        for look in (tables.MARKDOWN, tables.LATEX, tables.PLAIN)
    )
    text = [
        tables.markdown(markdown),
        caption(evidence, comparison, bool(letters_of_systems)),
        from_elsewhere(evidence),
        sentence(odd),
        ties(evidence),
        *(f"![Accuracy against cost]({figure}.png)" for figure in figures),
    ]
    tex = [f"% {name}", tables.latex(latex)]
    frames = {"leaderboard": _rows(evidence, comparison, costs), "runs": _runs(evidence)}
    return Section(text, tex, frames, figures, board=plain)


def compared(evidence: Evidence, metric: str) -> pd.DataFrame:
    """Compare every system with the best baseline on one metric.

    The best baseline is chosen by the numbers that it is compared with. So the verdicts come from the test of
    all pairs of primary systems, in which no choice is hidden. Ablations, text controls and grid points have
    none here: they are judged in sections of their own, and change nothing in the rows of the primary ones.
    """
    sample, best = evidence.samples[metric], evidence.best_baseline(metric)
    references = {} if best is None else {name: best for name in sample.scores if name != best}
    primary, smallest = sample.of(evidence.primary), evidence.plan.smallest_effect
    own = {name: other for name, other in references.items() if name in primary.scores}
    frame = compare_with_references(primary, own, smallest)
    if len(primary.scores) < len(sample.scores):
        every = compare_with_references(sample, references, smallest)
        frame = pd.concat([frame, every[~every["system"].isin(primary.scores)]], ignore_index=True)
    judged = _against_best(evidence.pairs[metric], best).reindex(frame["system"].map(primary.first_alike))
    for column in ("p_holm", "p_equal_holm", "family_low", "family_high", "runs_needed", "users_needed"):
        frame[column] = judged[column].to_numpy()
    repeats_best = frame["system"].map(primary.first_alike) == primary.first_alike.get(best or "")
    frame["verdict"] = judged["verdict"].fillna("").to_numpy()
    frame.loc[repeats_best & (frame["system"] != best), "verdict"] = "equal"
    frame.insert(1, "metric", metric)
    return with_tests_of_these_runs(frame, sample, "system", "baseline")


def _against_best(pairs: pd.DataFrame, best: str | None) -> pd.DataFrame:
    """The rows of all pairs that hold the best baseline; index: the other system, which is judged."""
    ahead, behind = pairs[pairs["second"] == best], pairs[pairs["first"] == best]
    turned = behind.assign(
        family_low=-behind["family_high"],
        family_high=-behind["family_low"],
        verdict=behind["verdict"].replace({"better": "worse"}),
    )
    return pd.concat([ahead.set_index("first"), turned.set_index("second")])


def _rows(evidence: Evidence, comparison: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of leaderboard.csv: the comparison, the costs, and the means of every metric."""
    frame = comparison.merge(costs.drop(columns="flag"), left_on="system", right_index=True)
    means = pd.DataFrame(
        {name: evidence.run_means.loc[runs].mean() for name, runs in evidence.groups.items()}
    ).T
    frame = frame.merge(means.add_prefix("mean "), left_on="system", right_index=True)
    frame.insert(0, "dataset", evidence.dataset.name)
    return frame


def _runs(evidence: Evidence) -> pd.DataFrame:
    """Return the rows of runs.csv: the means of every run."""
    rows = []
    for name, records in evidence.records.items():
        means = evidence.run_means.loc[evidence.groups[name]].to_dict("records")
        for record, row in zip(records, means, strict=True):
            run = {"dataset": record.dataset, "system": name, "repetition": record.repetition + 1}
            rows.append(run | {"best_epoch": record.best_epoch} | row)
    return pd.DataFrame(rows)


def _costs(evidence: Evidence, system: str) -> dict[str, Any]:
    """Return medians over a system's runs of costs and of measures of its lists, and its spread over runs."""
    records = evidence.records[system]
    lists = pd.DataFrame([record.overall for record in records]).astype(float)
    spread = evidence.run_means.loc[evidence.groups[system]].std(ddof=1)
    return {
        "runs": len(records),
        **evidence.median_costs(system),
        **lists.median(),
        **{f"{metric} spread": spread[metric] for metric in evidence.shown},
    }


def _sizes(facts: dict[str, Any]) -> str:
    if not facts:
        return ""
    pairs = " / ".join(f"{facts['pairs'][split]:,}" for split in SPLITS)
    return f"{facts['users']:,} users, {facts['items']:,} items, {pairs} train / validation / test pairs."


def absent(statuses: list[RunStatus]) -> Section:
    """List the failed, skipped and missing runs, each system with its reasons."""
    counts: dict[str, int] = {}
    for run in statuses:
        if run.status != "finished":
            line = (
                f"- {tables.escape_markdown(run.system)}: {run.status}, {tables.escape_markdown(run.reason)}"
            )
            counts[line] = counts.get(line, 0) + 1
    if not counts:
        return Section()
    lines = [f"{line} ({count} runs)" if count > 1 else line for line, count in counts.items()]
    return Section(["Not in the table, or with fewer runs:", "\n".join(lines)])
