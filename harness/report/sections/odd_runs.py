"""Runs that went another way than the others of their system."""

from __future__ import annotations

import pandas as pd

from harness.report import tables
from harness.report.evidence import Evidence

COLLAPSED = 0.5
"""A run below this share of its system's median has collapsed."""

FLAG = " ⚑"


def odd_runs(evidence: Evidence) -> pd.DataFrame:
    """The runs that collapsed, or whose best epoch is the first that was validated.

    Returns:
        ``system``, ``repetition`` (from 1) and ``reason``.
    """
    metric, first = evidence.shown[0], evidence.plan.training.eval_every
    rows = []
    for name, identities in evidence.groups.items():
        means = evidence.run_means.loc[identities, metric]
        for record, mean in zip(evidence.records[name], means, strict=True):
            if mean < COLLAPSED * means.median():
                half = f"half of its system's median {means.median():.4f}"
                reason = f"{tables.title(metric)} is {mean:.4f}, below {half}"
                rows.append((name, record.repetition + 1, reason))
            elif record.best_epoch == first and record.valid:
                rows.append((name, record.repetition + 1, "its best epoch is the first that was validated"))
    return pd.DataFrame(rows, columns=["system", "repetition", "reason"])


def sentence(odd: pd.DataFrame) -> str:
    """Say which runs have a flag in the table, and why."""
    if odd.empty:
        return ""
    runs = [
        f"{tables.escape_markdown(row.system)} repetition {row.repetition} ({row.reason})"
        for row in odd.itertuples()
    ]
    return (
        f"{FLAG.strip()} marks systems with runs that went another way: {', '.join(runs)}. They count "
        "all the same."
    )
