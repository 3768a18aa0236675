"""The sentence under a leaderboard that names the systems which score many items alike."""

from __future__ import annotations

import numpy as np

from harness.report import tables
from harness.report.evidence import Evidence

NAMED = 0.01
"""A system is named if more than this share of the users is tied."""


def ties(evidence: Evidence) -> str:
    """Name the systems that give many users equal scores on both sides of the cut of the first metric.

    Returns:
        Two sentences, or nothing if there is no such system. Runs of protocols before 3 do not say how many
        users are tied, and are not named.
    """
    cutoff = evidence.shown[0].partition("@")[2].partition("|")[0]
    shares = []
    for system, records in evidence.records.items():
        share = np.mean([record.overall.get(f"tied@{cutoff}", 0.0) for record in records])
        if share > NAMED:
            shares.append(f"{tables.escape_markdown(system)} for {100 * share:.0f} %")
    if not shares:
        return ""
    return (
        f"Some systems give a user equal scores for items on both sides of place {cutoff}: "
        f"{', '.join(shares)} of the users. All numbers are means over all orders of such items."
    )
