"""What the store holds of every planned run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.plan import Plan, Run, Skipped, dataset_key, expand
from harness.store import Store


@dataclass(frozen=True)
class Standing:
    """What the store holds of one planned run: ``finished``, ``failed``, ``missing`` or ``skipped``."""

    dataset: str
    system: str
    repetition: int | None
    status: str
    reason: str = ""
    identity: str = ""


def standings(plan: Plan, store: Store) -> list[Standing]:
    """One entry a planned run, and one a skipped pair."""
    return list(_standings(plan, store))


def _standings(plan: Plan, store: Store) -> Iterator[Standing]:
    checksums = {}
    for each in plan.datasets:
        noted = store.dataset(dataset_key(plan, each))
        checksums[each.name] = noted["checksum"] if noted else None
    for entry in expand(plan):
        if isinstance(entry, Skipped):
            yield Standing(entry.dataset, entry.system, None, "skipped", entry.reason)
            continue
        yield _standing(entry, checksums[entry.dataset.name], store)


def _standing(run: Run, checksum: str | None, store: Store) -> Standing:
    name = (run.dataset.name, run.system.name, run.repetition)
    identity = run.identity(checksum) if checksum else ""
    if not identity or identity not in store:
        return Standing(*name, "missing", "not run yet")
    record = store.record(identity)
    return Standing(*name, record["status"], record.get("reason", ""), identity)
