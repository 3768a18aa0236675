"""What each part of a system is worth: ablations beside the full system."""

from __future__ import annotations

from harness.evaluation.stats.comparison import compare_with_references, with_holm
from harness.planning.plan import Plan
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section, wholes


def ablations(evidence: Evidence, options: Options) -> Section:
    """Every ablated system against the full one, on the first metric shown; empty where there is none."""
    whole = wholes(evidence, "ablated")
    if not whole:
        return Section()
    metric, dataset = evidence.shown[0], evidence.dataset.name
    table = evidence.tables[metric][list(dict.fromkeys([*whole, *whole.values()]))]
    found = with_holm(compare_with_references(table, whole))
    found = found[found["system"].isin(whole)].set_index("system").loc[list(whole)].reset_index()
    terms = ["".join(f"-{term}" for term in evidence.specs[name].ablated) for name in whole]
    found = found.rename(columns={"system": "variant", "baseline": "system"}).assign(without=terms)
    text = [
        "### Ablations",
        tables.markdown(tables.ablations(found, table.mean())),
        f"{tables.title(metric)} of the system without the terms, less that of the full one, with 95 % "
        f"bootstrap intervals over users. {_settings(evidence.plan)} ▲ better, ▼ worse without them: the "
        f"paired randomisation test survives Holm at .05 over {len(found)} tests.",
    ]
    rows = found.assign(metric=metric)
    rows.insert(0, "dataset", dataset)
    if not options.figures:
        return Section(text, frames={"ablations": rows})
    drawn = plots.ablation(found.assign(variant=terms), tables.title(metric))
    name = f"ablations-{dataset}"
    return Section([*text, f"![Ablations]({name}.png)"], frames={"ablations": rows}, figures={name: drawn})


def _settings(plan: Plan) -> str:
    """How the ablated systems came by their hyper-parameters."""
    if plan.tuning is None:
        return "Hyper-parameters are those the plan gives to the full system."
    if plan.tuning.ablations == "full":
        return "Ablated systems take the values that tuning found for the full system."
    return "Every ablated system was tuned itself, with the full system's budget."
