"""Sentences about tests that stand under several tables."""

from __future__ import annotations

import pandas as pd

from harness.evaluation.stats.estimate import LEVEL
from harness.evaluation.stats.smallest import SmallestEffect
from harness.report.tables.cells import counted

INTERVALS = (
    "Brackets hold 95 % intervals that allow for other users and other seeds, and for other splits where "
    "there are several."
)


def tested(comparison: pd.DataFrame, smallest: SmallestEffect) -> str:
    """Say what the marks of a table rest on: one family of tests.

    Args:
        comparison: From ``stats.comparison.with_verdicts``.
        smallest: Differences below it count as none.
    """
    reference = " of the reference" if smallest.is_share else ""
    return (
        f"{INTERVALS} So do the tests: better and worse are significant at {LEVEL:g}, and equal is "
        f"significantly closer than {smallest}{reference}, each after Holm's correction over "
        f"{counted(int(comparison['p_holm'].notna().sum()), 'test')}. These tests are a family of their own. "
        "A system that depends on its seed and ran once is not tested."
    )
