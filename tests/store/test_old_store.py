"""A store that an earlier version wrote is read as if it were new, and gives the same tables.

``store-version-0`` was written by the version whose records had no kind: two finished runs, a failed
one and a search, of twelve users. Only what tells of the machine was taken out. ``expected`` holds the
rows that the same version reported. The identities are of protocol 2, so most tests set the protocol back.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from harness.planning import tasks
from harness.planning.identity import PROTOCOL
from harness.store.record import RunRecord, SearchRecord
from harness.store.store import Store
from tests.store.small import FIXTURES, copy_plans
from tests.worlds import intentbench

JUDGED = (
    "low", "high", "difference_low", "difference_high", "seeds_low", "seeds_high", "difference_seeds_low",
    "difference_seeds_high", "effect", "p_randomisation", "p_t", "p_holm", "verdict",
)  # fmt: skip
"""Columns of the earlier report that rest on its tests, which knew users alone."""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the old store; its records name the data by paths relative to the working folder."""
    shutil.copytree(FIXTURES / "store-version-0", tmp_path / "store")
    copy_plans(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tasks, "PROTOCOL", 2)
    return Path("store")


@pytest.mark.parametrize(("plan", "count"), [("tuned", 1), ("fixed", 2)])
def test_runs_of_an_earlier_protocol_are_missing_and_the_reason_is_said(
    plan: str, count: int, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PROTOCOL", PROTOCOL)
    status = intentbench("status", f"{plan}.yaml", "--store", store)
    assert status.output.splitlines()[-1] == f"{count} missing", status.output
    assert "stored under an earlier protocol" in " ".join(status.output.split())
    report = intentbench("report", f"{plan}.yaml", "--store", store, "--out", "out")
    assert report.exit_code == 2
    assert f"({count} missing: stored under an earlier protocol" in report.stderr
    assert "`intentbench run`" in report.stderr


def test_its_records_have_types(store: Path) -> None:
    found = Store(store)
    records = [found.record(identity) for identity in found.identities()]
    assert sorted((record.kind, record.system, record.status) for record in records) == [
        ("run", "DCCF", "finished"),
        ("run", "LightGCN", "failed"),
        ("run", "MostPop", "finished"),
        ("search", "DCCF", "finished"),
    ]
    for record in records:
        assert record.family == record.dataset == "tiny"
        assert "schema_version" not in (found.folder(found.identities()[0]) / "run.json").read_text()
        if isinstance(record, RunRecord):
            assert (record.parameters is None) == (record.status == "failed")
        else:
            assert isinstance(record, SearchRecord)
            assert record.trials == {"complete": 2, "fail": 0, "pruned": 0}
            assert record.best.keys() == record.space.keys()
    assert all(found.is_sound(identity) for identity in found.identities())


@pytest.mark.parametrize(("plan", "said"), [("tuned", "1 finished"), ("fixed", "1 finished, 1 failed")])
def test_status_and_report_read_it(plan: str, said: str, store: Path) -> None:
    status = intentbench("status", f"{plan}.yaml", "--store", store)
    assert status.output.splitlines()[-1] == said, status.output
    report = intentbench(
        "report", f"{plan}.yaml", "--store", store, "--out", "out", "--no-costs", "--no-figures"
    )
    assert report.exit_code == 0, report.output
    for path in sorted((FIXTURES / "expected" / plan).iterdir()):
        expected, found = pd.read_csv(path), pd.read_csv(Path("out") / path.name)
        measured = [column for column in expected if column not in JUDGED]
        pd.testing.assert_frame_equal(found[measured], expected[measured], obj=path.name)


def test_a_second_run_finds_everything_done(store: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (store / "runs").rglob("*")}
    for plan, said in (("tuned", "1 finished"), ("fixed", "1 finished, 1 failed")):
        assert intentbench("run", f"{plan}.yaml", "--store", store).output.strip() == said
    assert {path: path.stat().st_mtime_ns for path in (store / "runs").rglob("*")} == before


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # samples of 12 users without a difference
def test_calibrate_takes_the_runs_and_leaves_the_search_out(store: Path) -> None:
    words = ("--metric", "recall@2", "--comparisons", 30, "--out", "out")
    calibrated = intentbench("calibrate", "--store", store, *words)
    assert calibrated.exit_code == 0, calibrated.output
    assert set(pd.read_csv("out/alarms.csv")["source"]) == {"DCCF and MostPop"}


def test_explain_finds_the_run_of_a_system_that_was_tuned(store: Path) -> None:
    explained = intentbench("explain", "DCCF", "--store", store)
    assert explained.exit_code == 0, explained.output
    assert "tiny, DCCF, repetition 1" in explained.output
    assert "most used item prototypes" in explained.output


def test_explain_offers_runs_alone(store: Path) -> None:
    unknown = intentbench("explain", "LightGNC", "--store", store)
    assert unknown.exit_code == 2
    assert unknown.output.count("DCCF, repetition 1") == 1
    search = next(identity for identity in Store(store).identities() if identity not in Store(store).runs())
    assert f"no run '{search}'; expected one of" in intentbench("explain", search, "--store", store).output
