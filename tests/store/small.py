"""A small store: a tuned DCCF, MostPop and a LightGCN that fails, on twelve users."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.store.store import Store
from tests.worlds import intentbench

FIXTURES = Path(__file__).parent / "fixtures"

PLANS = ("tuned", "fixed")

TABLES = ("--no-costs", "--no-figures")


def copy_plans(folder: Path) -> None:
    """The plans and their data."""
    for name in ("log.csv", "items.jsonl", *(f"{plan}.yaml" for plan in PLANS)):
        shutil.copy(FIXTURES / name, folder)


def run_plans(folder: Path) -> str:
    """Run both plans with the store of a folder; what was printed."""
    done = [intentbench("run", folder / f"{plan}.yaml", "--store", folder / "store") for plan in PLANS]
    assert [run.exit_code for run in done] == [0, 1], [run.output + run.stderr for run in done]
    return "".join(run.output for run in done)


def tables(folder: Path) -> dict[str, bytes]:
    """The files that the reports of both plans write, without costs."""
    written = {}
    for plan in PLANS:
        out = folder / "report" / plan
        shutil.rmtree(out, ignore_errors=True)
        words = ("report", folder / f"{plan}.yaml", "--store", folder / "store", "--out", out, *TABLES)
        report = intentbench(*words)
        assert report.exit_code == 0, report.output + report.stderr
        written |= {f"{plan}/{path.name}": path.read_bytes() for path in sorted(out.iterdir())}
    return written


def by_kind(store: Store) -> dict[str, str]:
    """The identities by system, that of the search under ``search``."""
    records = {identity: store.record(identity) for identity in store.identities()}
    return {
        record.system if record.kind == "run" else "search": identity for identity, record in records.items()
    }
