"""Records have a type, are written and read back the same, and old ones are read as new ones."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.store.record import SCHEMA_VERSION, RunRecord, SearchRecord, new_record, read_record
from harness.store.store import Store
from tests.worlds import run_record, search_record

COMMON = {"system": "DCCF", "dataset": "d@window-2", "status": "failed", "reason": "why"}


def read(fields: Any) -> RunRecord | SearchRecord:
    return read_record(json.dumps(fields).encode())


def test_an_old_run_is_told_from_an_old_search_by_its_repetition() -> None:
    run, search = read({**COMMON, "repetition": 0}), read(COMMON)
    assert isinstance(run, RunRecord)
    assert isinstance(search, SearchRecord)
    for record in (run, search):
        assert (record.family, record.schema_version, record.reason) == ("d", SCHEMA_VERSION, "why")


def test_a_new_record_names_its_family_as_the_plan_does() -> None:
    named = new_record({**COMMON, "kind": "run", "repetition": 0, "dataset": "a@b@merged", "family": "a@b"})
    assert read(named.fields()) == named
    assert named.family == "a@b"


@pytest.mark.parametrize("record", [run_record(losses={"bpr": [0.5]}), search_record(valid_before=None)])
def test_what_is_written_is_read_back(record: RunRecord | SearchRecord, tmp_path: Path) -> None:
    Store(tmp_path).put("a", record, None)
    stored = Store(tmp_path).record("a")
    assert stored == record
    assert stored.fields() == record.fields()
    assert {"kind", "schema_version"} <= record.fields().keys()


def test_fields_that_nobody_knows_are_kept() -> None:
    record = read({**run_record().fields(), "colour": "blue"})
    assert record.fields()["colour"] == "blue"


def test_numbers_that_are_none_are_read_back() -> None:
    record = read_record(
        json.dumps(run_record(losses={"bpr": [float("nan"), float("inf")]}).fields()).encode()
    )
    assert isinstance(record, RunRecord)
    assert record.losses["bpr"][1] == float("inf")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([], "expected a JSON object"),
        ({**COMMON, "kind": "study", "schema_version": 1}, "'study'"),
        ({**COMMON, "kind": "run", "schema_version": 1, "family": "d"}, "repetition: Field required"),
        ({**COMMON, "repetition": 0, "status": "finished"}, "it is finished and has no overall"),
        ({**COMMON, "status": "finished"}, "it is finished and has no best"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(fields: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        read(fields)
    assert "\n" not in str(caught.value)


def test_a_record_of_a_newer_version_is_not_guessed_at(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a", run_record(schema_version=SCHEMA_VERSION + 1), None)
    with pytest.raises(InputError, match=r"run.json: schema_version is 2; expected at most 1; update Intent"):
        store.record("a")


def test_a_search_is_no_run(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a", run_record(), None)
    store.put("b", search_record(), None)
    assert store.runs() == {"a": run_record()}
    with pytest.raises(InputError, match="holds a search; expected a run"):
        store.run_record("b")
    with pytest.raises(InputError, match="holds a run; expected a search"):
        store.search_record("a")


def test_hundreds_of_records_are_read_at_once() -> None:
    losses = {term: [0.1] * 300 for term in ("bpr", "profile", "intent", "l2")}
    content = json.dumps(run_record(losses=losses).fields()).encode()
    started = time.perf_counter()
    for _ in range(465):
        read_record(content)
    assert time.perf_counter() - started < 1.0
