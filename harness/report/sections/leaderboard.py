"""A dataset's leaderboard: the table, how to read it, and what is not in it."""

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
from harness.report import plots, published, tables
from harness.report.evidence import Evidence, Options, Section
from harness.report.sections.tuning import budget
from harness.store.columns import USER
from harness.store.store import Store
from harness.text.intents.spec import IntentsSpec


def heading(plan: Plan, dataset: DatasetVariant, store: Store) -> Section:
    """The dataset's name, sizes and notes."""
    noted = store.notes.description(dataset.key(plan.seed)) or {}
    notes = [f"Note: {text}." for text in noted.get("notes", [])]
    return Section([f"## {dataset.name}", _sizes(noted), *notes])


def leaderboard(evidence: Evidence, options: Options) -> Section:
    """The table of one dataset and its rows."""
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
    rows = evidence.dataset.text
    if isinstance(rows, IntentsSpec):
        specs = evidence.specs
        costs["text"] = [rows.writer.name if specs[name].needs_text else "" for name in costs.index]
    lettered = letters(evidence.pairs[shown[0]])
    markdown, latex = (
        tables.leaderboard(comparison, costs, shown, look, lettered)
        for look in (tables.MARKDOWN, tables.LATEX)
    )
    text = [
        tables.markdown(markdown),
        _caption(evidence, comparison, bool(lettered)),
        *(f"![Accuracy against cost]({figure}.png)" for figure in figures),
    ]
    tex = [f"% {name}", tables.latex(latex)]
    return Section(text, tex, {"leaderboard": _rows(evidence, comparison, costs)}, figures)


def _rows(evidence: Evidence, comparison: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """The comparison with costs and the means of every metric."""
    frame = comparison.merge(costs, left_on="system", right_index=True)
    means = pd.DataFrame(
        {name: evidence.run_means.loc[runs].mean() for name, runs in evidence.groups.items()}
    ).T
    frame = frame.merge(means.add_prefix("mean "), left_on="system", right_index=True)
    frame.insert(0, "dataset", evidence.dataset.name)
    return frame


def _seed_intervals(evidence: Evidence, comparison: pd.DataFrame) -> pd.DataFrame:
    """Intervals over users and seeds of every mean and difference; NaN where a system ran once."""
    rows = []
    identities = list(evidence.run_means.index)
    scores = evidence.store.scores(identities, evidence.shown)
    for metric, mine in comparison.groupby("metric", sort=False):
        means = pd.DataFrame(resampled_means(scores[metric].to_numpy(dtype=float)), columns=identities)
        drawn = {name: means_over_seeds(means[runs].to_numpy()) for name, runs in evidence.groups.items()}
        for row in mine.itertuples():
            other = drawn.get(row.baseline)
            gap = (np.nan, np.nan) if other is None else intervals(drawn[row.system] - other)
            rows.append((row.system, metric, *intervals(drawn[row.system]), *gap))
    bounds = ["seeds_low", "seeds_high", "difference_seeds_low", "difference_seeds_high"]
    return pd.DataFrame(rows, columns=["system", "metric", *bounds])


def _costs(evidence: Evidence, system: str) -> dict[str, Any]:
    """Medians over a system's runs, its beyond-accuracy figures and its spread over repetitions."""
    records = evidence.records[system]
    keys = ("seconds_s", "peak_bytes", "parameters")
    frame = pd.DataFrame([{key: getattr(each, key) for key in keys} | each.overall for each in records])
    spread = evidence.run_means.loc[evidence.groups[system]].std(ddof=1)
    return {
        "runs": len(records),
        **frame.median().to_dict(),
        **{f"{metric} spread": spread[metric] for metric in evidence.shown},
    }


def beside_published(known: pd.DataFrame, evidence: Evidence) -> Section:
    """Published numbers beside ours, for what both have."""
    dataset = evidence.dataset.name
    named = [evidence.run_means.loc[runs].assign(system=name) for name, runs in evidence.groups.items()]
    ours = pd.concat(named, ignore_index=True)
    found, known = published.beside(known, dataset, ours), known[known["dataset"] == dataset]
    if found.empty:
        return Section([f"No published number of {dataset} is for a system and metric of this table."])
    both = set(zip(found["system"], found["metric"], strict=True))
    others = [pair for pair in zip(known["system"], known["metric"], strict=True) if pair not in both]
    lacking = ", ".join(f"{system} {tables.title(metric)}" for system, metric in others)
    return Section(
        [
            "Mean over our repetitions / published number (difference):",
            tables.markdown(tables.published(found)),
            f"Source: {'; '.join(sorted(known['source'].unique()))}.",
            f"Published, and not in this table: {lacking}." if lacking else "",
        ]
    )


def _sizes(noted: dict[str, Any]) -> str:
    if not noted:
        return ""
    pairs = " / ".join(f"{noted['pairs'][split]:,}" for split in SPLITS)
    return f"{noted['users']:,} users, {noted['items']:,} items, {pairs} train / validation / test pairs."


def _caption(evidence: Evidence, comparison: pd.DataFrame, lettered: bool) -> str:
    """How to read the table, and what was compared with what."""
    plan, first = evidence.plan, tables.title(evidence.shown[0])
    against = comparison.dropna(subset=["baseline"]).drop_duplicates("metric")
    named = ", ".join(f"{row.baseline} on {tables.title(row.metric)}" for row in against.itertuples())
    tests = int(comparison["p_holm"].notna().sum())
    runs = sorted({len(each) for each in evidence.groups.values()})
    repetitions = f"{runs[0]} to {runs[-1]} repetitions" if runs[1:] else f"{runs[0]} repetitions"
    repetitions = "1 repetition" if runs == [1] else repetitions
    seeds = ", and the interval over users and seeds leaves 0 out" if runs != [1] else ""
    return (
        f"Means over {evidence.users[USER].nunique():,} test users of per-user values averaged over "
        f"{repetitions}, with 95 % bootstrap intervals over users; best bold, second "
        f"underlined. Gain, effect size (paired Cohen's d) and p are for {first} against the "
        f"best baseline ({named or 'none'}), chosen among all "
        "systems without IRLLRec by the figures in this table. "
        f"▲ better, ▼ worse: the paired randomisation test survives Holm at .05 over {tests} tests{seeds}; "
        "for ▼ it does so over all pairs too, since the best baseline is picked by these figures. "
        f"{_pairs_caption(evidence, lettered)}"
        f"{budget(plan)} Costs (memory: whole process) and parameters are medians over runs."
    )


def _pairs_caption(evidence: Evidence, lettered: bool) -> str:
    """What the letters mean, and how small a difference could have been seen."""
    pairs = evidence.pairs[evidence.shown[0]]
    if pairs.empty:
        return ""
    shared = "Systems that share a letter do not differ significantly. " if lettered else ""
    return (
        f"{shared}Over all {len(pairs)} pairs with Holm, a difference of {pairs['detectable'].median():.4f} "
        "(median over pairs) would have been seen with a chance of 80 %. "
    )


def absent(mine: list[RunStatus]) -> Section:
    """Failed, skipped and missing runs, each system with its reasons."""
    lines: dict[str, int] = {}
    for each in mine:
        if each.status != "finished":
            line = f"- {each.system}: {each.status}, {each.reason}"
            lines[line] = lines.get(line, 0) + 1
    if not lines:
        return Section()
    many = {line: f" ({count} runs)" if count > 1 else "" for line, count in lines.items()}
    shown = "\n".join(line + many[line] for line in lines)
    return Section(["Not in the table, or with fewer runs:", shown])
