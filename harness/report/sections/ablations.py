"""Ablations: every system without some of its terms, compared with the full system."""

from __future__ import annotations

from harness.evaluation.stats.comparison import compare_with_references, with_holm
from harness.planning.plan import Plan
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section, unchanged_systems


def ablations(evidence: Evidence, options: Options) -> Section:
    """Compare ablated systems with the full ones on the first metric shown; empty without ablations."""
    full_systems = unchanged_systems(evidence, "ablated")
    if not full_systems:
        return Section()
    metric, dataset = evidence.shown[0], evidence.dataset.name
    table = evidence.tables[metric][list(dict.fromkeys([*full_systems, *full_systems.values()]))]
    comparison = with_holm(compare_with_references(table, full_systems))
    comparison = comparison.set_index("system").loc[list(full_systems)].reset_index()
    terms = ["".join(f"-{term}" for term in evidence.specs[name].ablated) for name in full_systems]
    comparison = comparison.rename(columns={"system": "variant", "baseline": "system"}).assign(without=terms)
    text = [
        "### Ablations",
        tables.markdown(tables.ablations(comparison, table.mean())),
        f"The difference is {tables.title(metric)} without the terms minus {tables.title(metric)} of the "
        f"full system, with 95 % bootstrap intervals over users. {_settings(evidence.plan)} ▲ marks a "
        "system that is better without the terms and ▼ one that is worse: the paired randomisation test is "
        f"significant at .05 after Holm's correction over {tables.counted(len(comparison), 'test')}.",
    ]
    rows = comparison.assign(metric=metric)
    rows.insert(0, "dataset", dataset)
    if not options.figures:
        return Section(text, frames={"ablations": rows})
    figure = plots.ablation(comparison.assign(variant=terms), tables.title(metric))
    name = f"ablations-{dataset}"
    return Section([*text, f"![Ablations]({name}.png)"], frames={"ablations": rows}, figures={name: figure})


def _settings(plan: Plan) -> str:
    """Say where the hyper-parameters of ablated systems come from."""
    if plan.tuning is None:
        return "Hyper-parameters are those the plan gives to the full system."
    if plan.tuning.ablations == "full":
        return "Ablated systems have the hyper-parameters that tuning found for the full system."
    return "Every ablated system was tuned by itself, with as many trials as the full system."
