"""A dataset's leaderboard: the table, how to read it, and which runs are not in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from harness.data.dataset import SPLITS
from harness.evaluation.stats.bootstrap import intervals, means_over_seeds, resampled_means
from harness.evaluation.stats.comparison import compare, with_cautious_verdicts
from harness.evaluation.stats.pairs import letters
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import Plan
from harness.planning.run_status import RunStatus
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section
from harness.report.sections.ties import ties
from harness.report.sections.tuning import budget
from harness.store.store import Store
from harness.text.intents.spec import IntentsSpec


def heading(plan: Plan, dataset: DatasetVariant, store: Store) -> Section:
    """Write the dataset's name, its sizes, and the notes that were made when it was prepared."""
    facts = store.notes.description(dataset.key(plan.seed)) or {}
    notes = [f"Note: {tables.escape_markdown(text)}." for text in facts.get("notes", [])]
    return Section([f"## {tables.escape_markdown(dataset.name)}", _sizes(facts), *notes])


def leaderboard(evidence: Evidence, options: Options) -> Section:
    """Make the table of one dataset, its caption, its rows and its figure of costs."""
    shown, name = evidence.shown, evidence.dataset.name
    comparison = compare(evidence.users, shown, evidence.baselines)
    comparison = comparison.merge(_seed_intervals(evidence, comparison), on=["system", "metric"])
    comparison = with_cautious_verdicts(comparison, evidence.pairs)
    costs = pd.DataFrame({system: _costs(evidence, system) for system in evidence.groups}).T
    figures = {}
    if options.figures and options.costs and evidence.plain:
        points = comparison[(comparison["metric"] == shown[0]) & comparison["system"].isin(evidence.plain)]
        points = points.merge(costs, left_on="system", right_index=True)
        points = points.sort_values("mean", ascending=False, kind="stable")
        figures[f"costs-{name}"] = plots.costs(points, tables.title(shown[0]))
    if not options.costs:
        costs = costs.drop(columns=["seconds_s", "peak_bytes"])
    text_spec = evidence.dataset.text
    if isinstance(text_spec, IntentsSpec):
        specs = evidence.specs
        costs["text"] = [text_spec.writer.name if specs[name].needs_text else "" for name in costs.index]
    letters_of_systems = letters(evidence.pairs[shown[0]])
    markdown, latex = (
        tables.leaderboard(comparison, costs, shown, look, letters_of_systems)
        for look in (tables.MARKDOWN, tables.LATEX)
    )
    text = [
        tables.markdown(markdown),
        _caption(evidence, comparison, bool(letters_of_systems)),
        ties(evidence),
        *(f"![Accuracy against cost]({figure}.png)" for figure in figures),
    ]
    tex = [f"% {name}", tables.latex(latex)]
    return Section(text, tex, {"leaderboard": _rows(evidence, comparison, costs)}, figures)


def _rows(evidence: Evidence, comparison: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of leaderboard.csv: the comparison, the costs, and the means of every metric."""
    frame = comparison.merge(costs, left_on="system", right_index=True)
    means = pd.DataFrame(
        {name: evidence.run_means.loc[runs].mean() for name, runs in evidence.groups.items()}
    ).T
    frame = frame.merge(means.add_prefix("mean "), left_on="system", right_index=True)
    frame.insert(0, "dataset", evidence.dataset.name)
    return frame


def _seed_intervals(evidence: Evidence, comparison: pd.DataFrame) -> pd.DataFrame:
    """Return intervals over users and seeds of every mean and difference; NaN if a system ran only once."""
    rows = []
    identities = list(evidence.run_means.index)
    scores = evidence.store.scores(identities, evidence.shown)
    for metric, rows_of_metric in comparison.groupby("metric", sort=False):
        means = pd.DataFrame(resampled_means(scores[metric].to_numpy(dtype=float)), columns=identities)
        resampled = {name: means_over_seeds(means[runs].to_numpy()) for name, runs in evidence.groups.items()}
        for row in rows_of_metric.itertuples():
            baseline = resampled.get(row.baseline)
            missing = (np.nan, np.nan)
            difference = missing if baseline is None else intervals(resampled[row.system] - baseline)
            rows.append((row.system, metric, *intervals(resampled[row.system]), *difference))
    bounds = ["seeds_low", "seeds_high", "difference_seeds_low", "difference_seeds_high"]
    return pd.DataFrame(rows, columns=["system", "metric", *bounds])


def _costs(evidence: Evidence, system: str) -> dict[str, Any]:
    """Return medians over a system's runs of costs and of measures of its lists, and its spread over runs."""
    records = evidence.records[system]
    keys = ("seconds_s", "peak_bytes", "parameters")
    frame = pd.DataFrame([{key: getattr(record, key) for key in keys} | record.overall for record in records])
    spread = evidence.run_means.loc[evidence.groups[system]].std(ddof=1)
    return {
        "runs": len(records),
        **frame.median().to_dict(),
        **{f"{metric} spread": spread[metric] for metric in evidence.shown},
    }


def _sizes(facts: dict[str, Any]) -> str:
    if not facts:
        return ""
    pairs = " / ".join(f"{facts['pairs'][split]:,}" for split in SPLITS)
    return f"{facts['users']:,} users, {facts['items']:,} items, {pairs} train / validation / test pairs."


def _caption(evidence: Evidence, comparison: pd.DataFrame, has_letters: bool) -> str:
    """Say how to read the table, and what was compared with what."""
    users = evidence.users["user"].nunique()
    runs = sorted({len(identities) for identities in evidence.groups.values()})
    repetitions = tables.counted(runs[-1], "repetition")
    if len(runs) > 1:
        repetitions = f"{runs[0]} to {repetitions}"
    parts = [
        f"Means over {tables.counted(users, 'test user')} of per-user values, which are averaged over "
        f"{repetitions}, with 95 % bootstrap intervals over users in brackets; "
        "the best mean is bold, the second best underlined.",
        _baseline_caption(evidence, comparison, several_seeds=runs != [1]),
        _pairs_caption(evidence, has_letters),
        budget(evidence.plan),
        "Costs (the memory is that of the whole process) and parameters are medians over runs.",
    ]
    if users == 1:
        parts.insert(1, "Only 1 user is tested, so intervals and tests say nothing about other users.")
    return " ".join(part for part in parts if part)


def _baseline_caption(evidence: Evidence, comparison: pd.DataFrame, several_seeds: bool) -> str:
    """Say which system is the best baseline, and what the verdicts mean."""
    tested = comparison.dropna(subset=["baseline"]).drop_duplicates("metric")
    if tested.empty:
        return "There is no baseline to compare with, so there are no gains and no tests against one."
    best = ", ".join(
        f"{tables.escape_markdown(row.baseline)} on {tables.title(row.metric)}" for row in tested.itertuples()
    )
    tests = tables.counted(int(comparison["p_holm"].notna().sum()), "test")
    seeds = ", and the interval over users and seeds does not hold 0" if several_seeds else ""
    grid = " (grid points aside)" if evidence.plan.grid else ""
    return (
        f"Gain, effect size (paired Cohen's d) and p are for {tables.title(evidence.shown[0])} against the "
        f"best baseline ({best}), which is the system without IRLLRec{grid} that has the highest mean in "
        "this table. ▲ (better) and ▼ (worse) mark systems for which the paired randomisation test is "
        f"significant at .05 after Holm's correction over {tests}{seeds}. For ▼ it must also be "
        "significant after Holm's correction over all pairs, because the best baseline is chosen by the "
        "numbers in this table."
    )


def _pairs_caption(evidence: Evidence, has_letters: bool) -> str:
    """Say what the letters mean, and how small a difference the test over all pairs can find."""
    pairs = evidence.pairs[evidence.shown[0]]
    parts = ["Systems that share a letter do not differ significantly."] if has_letters else []
    detectable = pairs["detectable"].dropna()
    if len(detectable):  # with one system or one user there is none
        parts.append(
            f"With Holm's correction over all {tables.counted(len(pairs), 'pair')}, a difference of "
            f"{detectable.median():.4f} (median over pairs) would have been seen with a chance of 80 %."
        )
    return " ".join(parts)


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
