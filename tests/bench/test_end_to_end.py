"""Stages from a table to a leaderboard, on a tiny table; no test asserts a speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from harness.bench import __main__ as tasks
from harness.bench import end_to_end, show
from harness.cli.main import app

STAGES = [
    "read, check and split", "LightGCN: 2 epochs", "LightGCN: test", "MostPop: fit and test", "report", "whole",
]  # fmt: skip


def bench(out: Path, *options: str) -> Any:
    return CliRunner().invoke(app, ["bench", "--end-to-end", "--out", str(out), *options])


def in_this_process(task: str, *arguments: Any, threads: int | None = None) -> Any:
    return tasks.TASKS[task](*arguments)


def test_all_stages_are_measured_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (show, end_to_end):
        monkeypatch.setattr(module, "SIZES", (2_000, 4_000))
    monkeypatch.setattr(end_to_end, "STEPS", 4)
    monkeypatch.setattr(end_to_end, "in_process", in_this_process)
    monkeypatch.setattr(end_to_end, "keep_freed_memory", lambda: None)
    done = bench(tmp_path, "--largest", "2000")
    assert done.exit_code == 0, done.output
    assert "10,000 users" in done.stderr
    first = pd.read_csv(tmp_path / "end-to-end.csv")
    assert first["stage"].tolist() == STAGES
    assert first[["pairs", "users", "items"]].drop_duplicates().to_numpy().tolist() == [[2_000, 100, 20]]
    *parts, whole = first["seconds"]
    assert sum(parts) == pytest.approx(whole)
    assert first["peak_bytes"].between(1 << 27, 1 << 36).all()
    assert first["exponent"].isna().all()
    done = bench(tmp_path, "--resume")
    assert done.exit_code == 0, done.output
    both = pd.read_csv(tmp_path / "end-to-end.csv")
    assert both["stage"].tolist() == STAGES * 2
    assert both["seconds"][:6].tolist() == first["seconds"].tolist(), (
        "a size that was there is measured again"
    )
    assert both["exponent"].notna().all()


def test_the_exponent_of_a_stage_is_its_slope() -> None:
    rows = pd.DataFrame(
        {"pairs": [10, 10, 100, 100], "stage": ["a", "b"] * 2, "seconds": [1.0, 1.0, 10.0, 100.0]}
    )
    assert end_to_end.with_exponents(rows)["exponent"].tolist() == pytest.approx([1.0, 2.0, 1.0, 2.0])


def test_a_largest_size_below_all_is_one_sentence(tmp_path: Path) -> None:
    done = bench(tmp_path, "--largest", "10")
    assert done.exit_code == 2
    assert "expected at least 100000 pairs" in done.stderr
