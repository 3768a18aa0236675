"""Ablations: every system without some of its terms, compared with the full system."""

from __future__ import annotations

from harness.evaluation.stats.comparison import compare_with_references, with_verdicts
from harness.evaluation.stats.these_runs import with_tests_of_these_runs
from harness.planning.plan import Plan
from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section
from harness.report.sections.unchanged import unchanged_systems


def ablations(evidence: Evidence, options: Options) -> Section:
    """Compare ablated systems with the full ones on the first metric shown; empty without ablations."""
    full_systems = unchanged_systems(evidence, "ablated")
    if not full_systems:
        return Section()
    metric, dataset = evidence.shown[0], evidence.dataset.name
    sample = evidence.samples[metric].of(list(dict.fromkeys([*full_systems, *full_systems.values()])))
    smallest = evidence.plan.smallest_effect
    comparison = with_verdicts(compare_with_references(sample, full_systems, smallest))
    comparison = with_tests_of_these_runs(comparison, sample, "system", "baseline")
    comparison = comparison.set_index("system").loc[list(full_systems)].reset_index()
    terms = ["".join(f"-{term}" for term in evidence.specs[name].ablated) for name in full_systems]
    comparison = comparison.rename(columns={"system": "variant", "baseline": "system"}).assign(without=terms)
    text = [
        "### Ablations",
        tables.markdown(tables.ablations(comparison, sample.totals)),
        f"The difference is {tables.title(metric)} without the terms minus {tables.title(metric)} of the "
        f"full system. {_settings(evidence.plan)} ▲ marks a system that is better without the terms, ▼ one "
        f"that is worse, and = one that is equal. {tables.tested(comparison, smallest)}",
    ]
    rows = comparison.assign(metric=metric)
    rows.insert(0, "dataset", dataset)
    if not options.figures:
        return Section(text, frames={"ablations": rows})
    drawn = comparison.assign(variant=terms)
    figure = plots.ablation(drawn, tables.title(metric), evidence.looks)
    name = f"ablations-{dataset}"
    return Section([*text, f"![Ablations]({name}.png)"], frames={"ablations": rows}, figures={name: figure})


def _settings(plan: Plan) -> str:
    """Say where the hyper-parameters of ablated systems come from."""
    if plan.tuning is None:
        return "Hyper-parameters are those the plan gives to the full system."
    if plan.tuning.ablations == "full":
        return "Ablated systems have the hyper-parameters that tuning found for the full system."
    return "Every ablated system was tuned by itself, with as many trials as the full system."
