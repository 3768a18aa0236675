"""What a report says of tuning: the budget, what each system spent of it, and what it bought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from harness import tables
from harness.plan import DatasetPlan, Plan
from harness.searches import Search, searches
from harness.standings import Shelf
from harness.store import Store

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


def section(plan: Plan, dataset: DatasetPlan, store: Store, with_costs: bool) -> list[str]:
    """Markdown: what each search of a dataset spent and found; empty without tuning."""
    found = [entry for entry in _finished(plan, store) if entry[0].dataset.name == dataset.name]
    if not found:
        return []
    table = pd.DataFrame([_row(search, record, with_costs) for search, _, record in found])
    title = tables.title(plan.training.metric)
    return [
        f"Tuning on validation pairs (bought: {title} of the best trial over the released defaults', both "
        "on the validation pairs that chose it; importance: fANOVA over the finished trials):",
        tables.markdown(table),
    ]


def trials(plan: Plan, store: Store, with_costs: bool) -> pd.DataFrame:
    """Every trial of every search: dataset, system, number, state, score, epochs and values."""
    frames = []
    for search, identity, _ in _finished(plan, store):
        frame = store.trials(identity)
        frame.insert(0, "dataset", search.dataset.name)
        frame.insert(1, "system", search.system.name)
        frames.append(frame if with_costs else frame.drop(columns="seconds_s"))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["dataset", "system"])


def _finished(plan: Plan, store: Store) -> Iterator[tuple[Search, str, dict[str, Any]]]:
    """Each finished search once, with its identity and record."""
    shelf, seen = Shelf(plan, store), set()
    for _, search in searches(plan) if plan.tuning else ():
        identity = shelf.identity(search)
        if identity and identity not in seen:
            seen.add(identity)
            record = store.record(identity)
            if record["status"] == "finished":
                yield search, identity, record


def _row(search: Search, record: dict[str, Any], with_costs: bool) -> dict[str, str]:
    counts, before, best = record["trials"], record["valid_before"], record["valid"]
    row = {
        "System": search.system.name,
        "trials": f"{sum(counts.values())} of {record['budget']}",
        "pruned": str(counts["pruned"]),
        "failed": str(counts["fail"]),
        "epochs": f"{record['epochs']:,}",
    }
    if with_costs:
        row["minutes"] = f"{record['seconds_s'] / 60:.1f}"
    bought = f"{100 * (best / before - 1):+.1f} %" if before else ""
    importance = sorted(record["importance"].items(), key=lambda entry: -entry[1])[:3]
    return row | {
        "released": "" if before is None else f"{before:.4f}",
        "best": f"{best:.4f}",
        "bought": bought,
        "best values": ", ".join(f"{name} {_short(value)}" for name, value in record["best"].items()),
        "importance": ", ".join(f"{name} {share:.0%}" for name, share in importance),
    }


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
