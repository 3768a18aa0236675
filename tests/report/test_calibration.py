"""Calibration reads real differences from stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.store.store import Store
from tests.worlds import intentbench, run_record


@pytest.fixture
def store(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for system in ("LightGCN", "SGL"):
        for repetition in range(2):
            record = run_record(
                system=system, repetition=repetition, base_seed=1, dataset_plan={"name": "d"}, started="2026"
            )
            values = random.choice([0.0, 0.5, 1.0], 60)
            users = pd.DataFrame({"user": [f"u{n}" for n in range(60)], "recall@20": values})
            Store(tmp_path / "store").put(f"{system}{repetition}", record, users)
    return tmp_path / "store"


def calibrate(store: Path, *words: object) -> Any:
    return intentbench("calibrate", "--store", store, "--comparisons", 30, *words)


def test_alarms_and_power_of_every_source(store: Path, tmp_path: Path) -> None:
    result = calibrate(store, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    alarms = pd.read_csv(tmp_path / "out" / "alarms.csv")
    assert set(alarms["source"]) == {
        "two repetitions of LightGCN",
        "two repetitions of SGL",
        "LightGCN and SGL",
    }
    assert len(alarms) == 3 * 2 * 3
    power = pd.read_csv(tmp_path / "out" / "power.csv")
    assert power["seen"].between(0, 1).all()
    assert (tmp_path / "out" / "power.png").exists()
    marks = pd.read_csv(tmp_path / "out" / "marks.csv")
    assert set(marks["runs"]) == {3, 5, 10}
    assert set(marks["source"]) == {"simulated"}
    assert marks.groupby("runs").size().eq(7).all()


def test_real_runs_are_dealt_where_there_are_enough(store: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for repetition in range(2, 12):
        record = run_record(
            system="SGL", repetition=repetition, base_seed=1, dataset_plan={"name": "d"}, started="2026"
        )
        values = random.choice([0.0, 0.5, 1.0], 60)
        users = pd.DataFrame({"user": [f"u{n}" for n in range(60)], "recall@20": values})
        Store(store).put(f"SGL{repetition}", record, users)
    assert calibrate(store, "--out", tmp_path / "out").exit_code == 0
    marks = pd.read_csv(tmp_path / "out" / "marks.csv")
    assert "12 real runs of SGL, dealt to 4 systems" in set(marks["source"])


def test_datasets_of_one_name_and_two_seeds_are_not_mixed(store: Path, tmp_path: Path) -> None:
    record = run_record(system="DCCF", base_seed=2, dataset_plan={"name": "d"}, started="2025")
    users = pd.DataFrame({"user": [f"v{n}" for n in range(60)], "recall@20": 0.5})
    Store(store).put("other", record, users)
    assert calibrate(store, "--out", tmp_path / "out").exit_code == 0
    assert not pd.read_csv(tmp_path / "out" / "alarms.csv")["source"].str.contains("DCCF").any()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--metric", "recal@20"], "did you mean 'recall'"), ([], "no two runs of one dataset")],
)
def test_bad_input_is_one_sentence(words: list[str], said: str, tmp_path: Path) -> None:
    result = calibrate(tmp_path / "gone", "--out", tmp_path / "out", *words)
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "out").exists()
