"""Tuning: the budget, what each search spent of it, and what it gained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from harness.planning.plan import Plan
from harness.planning.run_status import StoreIndex
from harness.planning.searches import searches
from harness.planning.tasks import Run, Search
from harness.report import tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section
from harness.store.columns import COSTS
from harness.store.record import SearchRecord

BUDGETS = (1, 2, 5, 10, 20, 50, 100)
"""Numbers of trials after which the best value is shown."""

SAMPLERS = {"tpe": "seeded TPE", "random": "seeded random search", "grid": "grid search"}


def budget(plan: Plan) -> str:
    """Say how the hyper-parameters were chosen, for the caption of the leaderboard."""
    tuning = plan.tuning
    if tuning is None:
        return "Hyper-parameters are fixed by the plan, not tuned."
    hours = f" in at most {tuning.hours:g} hours" if tuning.hours else ""
    pruning = f", {tuning.pruner} pruning" if tuning.pruner != "none" else ""
    shared = (
        " Ablations and controls have the hyper-parameters of the full system."
        if tuning.ablations == "full"
        else ""
    )
    return (
        f"Each system has the best hyper-parameters of {tuning.trials} trials{hours}, by validation "
        f"{tables.title(plan.training.metric)} ({SAMPLERS[tuning.sampler]}, at most "
        f"{tuning.epochs or plan.training.epochs} epochs per trial{pruning}). The first trial has the "
        f"released defaults.{shared} The seed of the trials is used by no run of this table."
    )


def tuning(evidence: Evidence, options: Options) -> Section:
    """Show what each search of a dataset spent and found, with a row per trial; empty without tuning."""
    finished = {identity: (search, record) for _, search, identity, record in _finished(evidence)}
    if not finished:
        return Section()
    rows = pd.DataFrame([_row(search, record, options.costs) for search, record in finished.values()])
    title = tables.title(evidence.plan.training.metric)
    text = [
        "### Tuning",
        tables.markdown(rows),
        f"Released and best are {title} of the first trial, which has the released defaults, and of the "
        "best trial. Bought is the gain of the best over the released. All are on the validation pairs, by "
        "which the best was chosen. The importance of a hyper-parameter is that of fANOVA over the "
        "finished trials. `trials.csv` has every trial.",
    ]
    trials = pd.concat(
        [_trials(evidence, search, identity, options.costs) for identity, (search, _) in finished.items()],
        ignore_index=True,
    )
    text += [
        f"The best {title} on the validation pairs after so many trials:",
        tables.markdown(best_after(trials)),
    ]
    return Section(text, frames={"trials": trials})


def best_after(trials: pd.DataFrame) -> pd.DataFrame:
    """Show what a smaller budget would have found: one row for each system, one column for each budget.

    Args:
        trials: The rows of trials.csv of one dataset.
    """
    rows = []
    labels = trials["system"] + trials["dataset"].str.extract(r"(@.*split-\d+)$", expand=False).fillna("")
    for system, own in trials.sort_values("trial").groupby(labels, sort=False):
        best = own["score"].cummax().ffill()
        values = {f"{count}": best.iloc[:count].iloc[-1] for count in BUDGETS if count <= len(own)}
        rows.append(
            {"System": system} | {count: tables.number(value, ".4f") for count, value in values.items()}
        )
    return pd.DataFrame(rows).fillna("")


def spent(evidence: Evidence) -> pd.DataFrame:
    """Return what tuning spent on each system: one row per system, means over the splits of its dataset.

    Columns: ``trials``, ``tuning_s`` and ``tuning_cpu_s`` (seconds on the clock and on the processor). The
    latter is missing for searches that were stored before 2026-11-26.
    """
    rows = {
        (run.name, search.dataset.name): {
            "system": run.name,
            "trials": sum(record.trials.values()),
            "tuning_s": record.seconds_s,
            "tuning_cpu_s": record.cpu_s,
        }
        for run, search, _, record in _finished(evidence)
    }
    frame = pd.DataFrame(rows.values(), columns=["system", "trials", "tuning_s", "tuning_cpu_s"])
    return frame.astype({"tuning_s": float, "tuning_cpu_s": float}).groupby("system").mean()


def _finished(evidence: Evidence) -> Iterator[tuple[Run, Search, str, SearchRecord]]:
    """Yield each run of the dataset with its finished search, and the search's identity and record."""
    plan = evidence.plan
    index = StoreIndex(plan, evidence.store)
    for run, search in searches(plan) if plan.tuning else ():
        identity = index.identity(search)
        if identity and search.dataset in evidence.splits:
            record = evidence.store.search_record(identity)
            if record.status == "finished":
                yield run, search, identity, record


def _trials(evidence: Evidence, search: Search, identity: str, with_costs: bool) -> pd.DataFrame:
    """Return the rows of trials.csv for one search."""
    frame = evidence.store.trials(identity)
    frame.insert(0, "dataset", search.dataset.name)
    frame.insert(1, "system", search.name)
    return frame if with_costs else frame.drop(columns=list(COSTS), errors="ignore")


def _row(search: Search, record: SearchRecord, with_costs: bool) -> dict[str, str]:
    """Return the row of one search in the table."""
    assert record.valid is not None, "every finished search has a best score"
    assert record.seconds_s is not None, "every finished search has its cost"
    counts, before, best = record.trials, record.valid_before, record.valid
    row = {
        "System": f"{search.name} (split {search.dataset.draw})" if search.dataset.draw else search.name,
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
