"""What a bundle says of a study: its plan, versions, commits, sources and dates, read from the records."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from harness.bundle.layout import FORMAT
from harness.planning.identity import PROTOCOL
from harness.planning.plan import Plan
from harness.store.record import Record, RunRecord
from harness.store.store import Store

PACKAGES = ("python", "torch", "numpy", "scipy", "pandas", "recbole")
"""The versions that a record's ``machine`` holds."""

UNKNOWN_DATE = "1970-01-01"
"""The date of a study whose records do not tell when they began."""


@dataclass(frozen=True)
class Facts:
    """What the texts of a bundle say of a study.

    Attributes:
        plan: The study's plan.
        records: The records of its runs and searches.
        datasets: The description of each of its datasets, by name.
        anonymous: Whether numbers stand in place of the users' ids.
        authors: Names of people or groups.
        licence: SPDX identifier of the licence of the bundle; None if nobody has said one.
    """

    plan: Plan
    records: tuple[Record, ...]
    datasets: dict[str, dict[str, Any]]
    anonymous: bool
    authors: tuple[str, ...]
    licence: str | None

    @classmethod
    def of(
        cls, plan: Plan, store: Store, *, anonymous: bool, authors: tuple[str, ...], licence: str | None
    ) -> Facts:
        """Read them from a store that holds the study alone."""
        records = tuple(store.record(identity) for identity in store.identities())
        notes = {variant.name: store.notes.description(variant.key(plan.seed)) for variant in plan.variants}
        described = {name: note for name, note in notes.items() if note is not None}
        by = authors or (f"The authors of the study {plan.name}",)
        return cls(plan, records, described, anonymous, by, licence)

    @property
    def date(self) -> str:
        """The day on which the last run or search began, as YYYY-MM-DD. It stands for that of the bundle."""
        days = [record.started[:10] for record in self.records]
        return max((day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)), default=UNKNOWN_DATE)

    @property
    def commits(self) -> list[str]:
        """The commits of the code that the results come from."""
        return sorted({record.commit for record in self.records if record.commit})

    @property
    def packages(self) -> dict[str, list[str]]:
        """The versions of each package that the results come from."""
        return {
            name: sorted({str(record.machine[name]) for record in self.records if name in record.machine})
            for name in PACKAGES
        }

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of finished and failed runs and of searches."""
        kinds = Counter(
            f"{record.status} runs" if isinstance(record, RunRecord) else "searches"
            for record in self.records
        )
        return {name: kinds[name] for name in ("finished runs", "failed runs", "searches")}

    def about(self) -> dict[str, Any]:
        """The content of ``bundle.json``."""
        sources = {
            record.system: record.sources
            for record in self.records
            if isinstance(record, RunRecord) and record.sources
        }
        return {
            "format": FORMAT,
            "plan": self.plan.name,
            "seed": self.plan.seed,
            "protocol": PROTOCOL,
            "anonymous": self.anonymous,
            **{name.replace(" ", "_"): count for name, count in self.counts.items()},
            "commits": self.commits,
            "packages": self.packages,
            "intentbench": _own_version(),
            "sources": sources,
            "datasets": {name: note["checksum"] for name, note in self.datasets.items()},
        }


def _own_version() -> str | None:
    """The version of the installed package; None in a checkout that is not installed."""
    try:
        return version("intentbench")
    except PackageNotFoundError:
        return None
