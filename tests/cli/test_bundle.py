"""What ``intentbench bundle`` says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from harness.planning.plan import load_plan
from harness.planning.tasks import Run
from harness.store.layout import RECORD, USERS
from harness.store.store import Store
from tests.cli.tiny_plan import write_plan
from tests.worlds import fill, intentbench, run_record


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan whose runs are stored in ``store``: two systems on a table that nobody reads."""
    (tmp_path / "data").mkdir()
    path = write_plan(
        tmp_path,
        {"kind": "table", "path": str(tmp_path / "data" / "log.csv")},
        evaluation={"metrics": ["recall"], "k": [20], "show": ["recall@20"]},
        training={"epochs": 1, "metric": "recall@20"},
    )
    fill(load_plan(path), tmp_path / "store", lambda run: 0.2 + 0.1 * _is_trained(run), 40)
    return path


def _is_trained(run: Run) -> bool:
    return run.system.is_trained


def test_it_says_what_is_in_the_bundle_and_whose_ids(plan: Path, tmp_path: Path) -> None:
    words = ("bundle", plan, "--store", tmp_path / "store", "--out", tmp_path / "b.zip")
    done = intentbench(*words)
    assert done.exit_code == 0, done.stderr
    holds, path, ids = done.output.splitlines()
    assert "b.zip holds 2 finished runs, 0 failed runs, 0 searches in " in holds
    assert path == f"The plan names the path {tmp_path}/data/log.csv, which is in the bundle as it is."
    assert ids.startswith("It holds the ids of the tested users")
    assert "ids" not in intentbench(*words, "--anonymous").output


def test_records_name_data_files_without_their_folders(plan: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    (identity, *_) = store.identities()
    record, users = store.run_record(identity), pd.read_parquet(store.folder(identity) / USERS)
    more = {"dataset_plan": load_plan(plan).variants[0].stored(), "traceback": f"File {tmp_path}/x.py"}
    store.forget(identity)
    store.put(identity, run_record(**{**record.fields(), **more}), users)
    out = tmp_path / "bundle"
    assert intentbench("bundle", plan, "--store", tmp_path / "store", "--out", out).exit_code == 0
    written = json.loads((out / "runs" / identity / RECORD).read_text())
    assert written["dataset_plan"]["source"]["path"] == "log.csv"
    assert "traceback" not in written


@pytest.mark.parametrize("name", ["full", "file", "full.zip"])
def test_it_replaces_no_folder_and_no_other_file(plan: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full.zip").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    (tmp_path / "file").write_text("mine")
    done = intentbench("bundle", plan, "--store", tmp_path / "store", "--out", tmp_path / name)
    assert done.exit_code == 2
    assert f"{name}: " in done.stderr
    assert "expected a new f" in done.stderr
    assert (tmp_path / "full" / "mine").read_text() == (tmp_path / "file").read_text() == "mine"


def test_a_store_without_runs_of_the_plan_is_refused(plan: Path, tmp_path: Path) -> None:
    other = yaml.safe_load(plan.read_text()) | {"seed": 7}
    plan.write_text(yaml.safe_dump(other))
    for words, said in [((), "no finished run of the plan 'tiny'"), (("--anonymous",), "no finished run")]:
        done = intentbench("bundle", plan, "--store", tmp_path / "store", "--out", tmp_path / "b.zip", *words)
        assert done.exit_code == 2
        assert said in done.stderr
    assert not (tmp_path / "b.zip").exists()


def test_a_damaged_run_is_not_packed(plan: Path, tmp_path: Path) -> None:
    (identity, *_) = Store(tmp_path / "store").identities()
    (tmp_path / "store" / "runs" / identity / RECORD).write_text("{}")
    done = intentbench("bundle", plan, "--store", tmp_path / "store", "--out", tmp_path / "b.zip")
    assert done.exit_code == 2
    assert "is damaged" in done.stderr
    assert not (tmp_path / "b.zip").exists()


def test_a_file_that_is_no_bundle_is_refused(plan: Path, tmp_path: Path) -> None:
    for path in (plan, tmp_path / "missing.zip"):
        done = intentbench("store", "merge", path, "--store", tmp_path / "new")
        assert done.exit_code == 2
        assert f"{path}: the bundle cannot be read" in done.stderr
    assert not (tmp_path / "new").exists()
