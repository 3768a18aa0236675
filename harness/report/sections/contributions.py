"""What users, seeds and splits contribute to the uncertainty of a difference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from harness.report import tables
from harness.report.evidence import Evidence
from harness.report.section import Section


def contributions(evidence: Evidence) -> Section:
    """Show what makes the differences from the best baseline uncertain, on the first metric shown."""
    metric = evidence.shown[0]
    best = evidence.best_baseline(metric)
    rows = pd.DataFrame(_rows(evidence, metric, best)) if best else pd.DataFrame()
    if rows.empty:
        return Section()
    parts = ["users", "seeds", "splits"] if len(evidence.splits) > 1 else ["users", "seeds"]
    table = pd.DataFrame({"System": rows["system"]})
    for part in parts:
        table[part] = [tables.number(value, ".4f") for value in rows[part]]
    baseline = tables.escape_markdown(str(best))
    text = (
        f"Standard errors of the difference in {tables.title(metric)} from {baseline}, by where they come "
        f"from: other {' and other '.join(parts)}. Their squares add up to that of the whole. An empty cell "
        "stands for what the runs at hand cannot tell apart."
    )
    frame = rows.assign(dataset=evidence.dataset.name, metric=metric, baseline=best)
    markdown = ["Where the uncertainty comes from:", tables.markdown(table), text]
    return Section(markdown, frames={"contributions": frame})


def _rows(evidence: Evidence, metric: str, best: str) -> Iterator[dict[str, Any]]:
    """Yield each primary system but the best baseline, with its standard errors."""
    sample = evidence.samples[metric].of(evidence.primary)
    for name in evidence.primary:
        if name == best or sample.first_alike[name] == sample.first_alike[best]:
            continue
        estimate = sample.difference(name, best)
        row = {"system": name, "users": np.sqrt(estimate.from_users), "splits": np.nan}
        if len(evidence.splits) == 1:
            yield row | {"seeds": np.sqrt(estimate.from_seeds)}
            continue
        seeds = _within_splits(evidence, name, metric) + _within_splits(evidence, best, metric)
        between = np.fmax(estimate.from_seeds - np.nan_to_num(seeds), 0.0)
        yield row | {"seeds": np.sqrt(seeds), "splits": np.sqrt(between)}


def _within_splits(evidence: Evidence, system: str, metric: str) -> float:
    """The variance of a system's mean that comes from the runs on the same splits; NaN if each has one."""
    if evidence.specs[system].is_deterministic:
        return 0.0
    runs = evidence.groups[system]
    means = evidence.run_means.loc[runs, metric].groupby([evidence.split_of[run] for run in runs])
    counts = means.size()
    if (counts < 2).any():
        return float("nan")
    return float((means.var(ddof=1) / counts).mean() / len(counts))
