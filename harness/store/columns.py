"""Columns of the tables that the store keeps or gives out, each named once.

Whoever writes such a table and whoever reads it take the name from here. Metrics are columns too, named
``recall@20``, or ``recall@20|tail`` for the items of one stratum alone.
"""

from __future__ import annotations

USER = "user"
"""A user's token, in per-user scores and in degrees."""

SYSTEM = "system"
"""A system's name in tables, where scores of several systems stand in one table."""

DEGREE = "degree"
"""Number of a user's train pairs."""

TRIAL = "trial"
"""Number of a trial in its search, from 0."""

STATE = "state"
"""How a trial ended: ``complete``, ``pruned`` or ``fail``."""

SCORE = "score"
"""A trial's validation score; missing where it did not finish."""

REASON = "reason"
"""Why a trial failed; empty or missing for others."""

SECONDS = "seconds_s"
"""Time that a run or trial took."""

CPU = "cpu_s"
"""The same on the processor, summed over threads."""

COSTS = (SECONDS, CPU)
"""Times of runs and trials. They differ from one computation to the next."""


def of_all_users(metric: str) -> bool:
    """Whether every tested user has a value of a metric. Some users have no test item of a stratum."""
    return "|" not in metric
