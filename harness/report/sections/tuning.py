"""What a report says of tuning: the budget, what each system spent of it, and what it bought."""

from __future__ import annotations

from typing import Any

import pandas as pd

from harness.planning.plan import Plan
from harness.planning.run_status import StoreIndex
from harness.planning.searches import searches
from harness.planning.tasks import Search
from harness.report import tables
from harness.report.evidence import Evidence, Options, Section
from harness.store.columns import SECONDS, SYSTEM
from harness.store.record import SearchRecord

SAMPLERS = {"tpe": "seeded TPE", "random": "seeded random search", "grid": "grid"}


def budget(plan: Plan) -> str:
    """One sentence for the caption: how hyper-parameters were chosen."""
    tuning = plan.tuning
    if tuning is None:
        return "Hyper-parameters are fixed by the plan, not tuned."
    hours = f", at most {tuning.hours:g} hours" if tuning.hours else ""
    pruning = f", {tuning.pruner} pruning" if tuning.pruner != "none" else ""
    ablations = "; ablations and controls take the full system's" if tuning.ablations == "full" else ""
    return (
        f"Hyper-parameters: the best of {tuning.trials} trials a system{hours} by validation "
        f"{tables.title(plan.training.metric)} ({SAMPLERS[tuning.sampler]}, at most "
        f"{tuning.epochs or plan.training.epochs} epochs a trial{pruning}; the first trial has the "
        f"released defaults){ablations}. Trials have a seed that no run of this table has."
    )


def tuning(evidence: Evidence, options: Options) -> Section:
    """What each search of a dataset spent and found, and a row for every trial; empty without tuning."""
    found = _finished(evidence)
    if not found:
        return Section()
    rows = pd.DataFrame([_row(search, record, options.costs) for search, _, record in found])
    title = tables.title(evidence.plan.training.metric)
    text = [
        "### Tuning",
        tables.markdown(rows),
        f"Bought: {title} of the best trial over the released defaults', both on the validation pairs that "
        "chose it. Importance: fANOVA over the finished trials. `trials.csv` has every trial.",
    ]
    trials = [_trials(evidence, search, identity, options.costs) for search, identity, _ in found]
    return Section(text, frames={"trials": pd.concat(trials, ignore_index=True)})


def _finished(evidence: Evidence) -> list[tuple[Search, str, SearchRecord]]:
    """Each finished search of the dataset once, with its identity and record."""
    plan, found = evidence.plan, {}
    shelf = StoreIndex(plan, evidence.store)
    for _, search in searches(plan) if plan.tuning else ():
        identity = shelf.identity(search)
        if identity and search.dataset.name == evidence.dataset.name:
            record = evidence.store.search_record(identity)
            if record.status == "finished":
                found[identity] = (search, identity, record)
    return list(found.values())


def _trials(evidence: Evidence, search: Search, identity: str, with_costs: bool) -> pd.DataFrame:
    frame = evidence.store.trials(identity)
    frame.insert(0, "dataset", search.dataset.name)
    frame.insert(1, SYSTEM, search.name)
    return frame if with_costs else frame.drop(columns=SECONDS)


def _row(search: Search, record: SearchRecord, with_costs: bool) -> dict[str, str]:
    assert record.valid is not None, "every finished search has a best score"
    assert record.seconds_s is not None, "every finished search has its cost"
    counts, before, best = record.trials, record.valid_before, record.valid
    row = {
        "System": search.name,
        "trials": f"{sum(counts.values())} of {record.budget}",
        "pruned": str(counts["pruned"]),
        "failed": str(counts["fail"]),
        "epochs": f"{record.epochs:,}",
    }
    if with_costs:
        row["minutes"] = f"{record.seconds_s / 60:.1f}"
    bought = f"{100 * (best / before - 1):+.1f} %" if before else ""
    importance = sorted(record.importance.items(), key=lambda entry: -entry[1])[:3]
    return row | {
        "released": "" if before is None else f"{before:.4f}",
        "best": f"{best:.4f}",
        "bought": bought,
        "best values": ", ".join(f"{name} {_short(value)}" for name, value in record.best.items()),
        "importance": ", ".join(f"{name} {share:.0%}" for name, share in importance),
    }


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
