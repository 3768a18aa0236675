"""A tuned plan from the command line: budget, tables, estimates and mistakes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.execution.commands import write_plan
from tests.worlds import intentbench

SYSTEMS = ["MostPop", "ItemKNN", "LightGCN", "SimGCL", "SimGCL[-contrast]"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    more = {"systems": SYSTEMS, "tuning": {"trials": 4, "epochs": 3, "space": {"layers": [1, 2]}}}
    return write_plan(tmp_path_factory.mktemp("plan"), **more)


@pytest.fixture(scope="module")
def store(plan: Path) -> Path:
    place = plan.with_name("store")
    done = intentbench("run", plan, "--store", place)
    assert done.exit_code == 0, done.output
    assert "board LightGCN tuning:" in done.output
    assert done.output.rstrip().endswith("10 finished")
    return place


def test_the_report_shows_an_equal_budget(plan: Path, store: Path, tmp_path: Path) -> None:
    done = intentbench("report", plan, "--store", store, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    said = "the best hyper-parameters of 4 trials, by validation Recall@5 (seeded TPE, at most 3 epochs"
    assert said in done.output
    table = done.output.split("### Tuning")[1].split("Released and best")[0]
    rows = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("|")}
    assert all("4 of 4" in rows[name] for name in SYSTEMS if name != "MostPop")
    assert "1 of 1" in rows["MostPop"]
    trials = pd.read_csv(tmp_path / "trials.csv")
    assert trials.groupby("system").size().to_dict() == {"MostPop": 1, **dict.fromkeys(SYSTEMS[1:], 4)}
    assert set(trials["layers"].dropna()) <= {1, 2}
    assert (
        trials.loc[trials["system"] == "SimGCL[-contrast]", ["contrast_weight", "noise_size"]]
        .isna()
        .all(axis=None)
    )


def test_a_second_run_does_nothing(plan: Path, store: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (store / "runs").rglob("*")}
    done = intentbench("run", plan, "--store", store)
    assert done.output.strip() == "10 finished"
    assert {path: path.stat().st_mtime_ns for path in (store / "runs").rglob("*")} == before


def test_a_dry_run_tells_what_is_missing_and_does_nothing(plan: Path, store: Path, tmp_path: Path) -> None:
    done = intentbench("run", plan, "--store", tmp_path / "none", "--dry-run", "--workers", "2")
    assert done.exit_code == 0, done.output
    line = next(line for line in done.output.splitlines() if "SimGCL[-contrast]" in line and "0.0" in line)
    cells = [cell.strip() for cell in line.split("│")]
    assert cells[3:5] == ["0", "3"]  # a search and two runs
    assert float(cells[5]) > 0
    assert "hours on one worker" in done.output
    assert not (tmp_path / "none").exists()
    assert "At most 0.00 hours" in intentbench("run", plan, "--store", store, "--dry-run").output


def test_a_failed_study_is_told_and_retried(plan: Path, tmp_path: Path) -> None:
    tree = yaml.safe_load(plan.read_text())
    tree["systems"] = [{"system": "LightGCN", "space": {"learning_rate": [1e9]}}, "MostPop"]
    broken = plan.with_name("broken.yaml")
    broken.write_text(yaml.safe_dump(tree))
    for more in ([], ["--retry"]):
        done = intentbench("run", broken, "--store", tmp_path, *more)
        assert done.exit_code == 1
        assert "board LightGCN tuning: failed, none of 4 trials finished (the term 'bpr'" in done.output
        assert "2 failed, 2 finished" in done.output
    assert "its tuning failed: none of 4 trials" in intentbench("status", broken, "--store", tmp_path).output


def refused(plan: Path, tmp_path: Path, **change: Any) -> str:
    path = plan.with_name(f"{tmp_path.name}.yaml")
    path.write_text(yaml.safe_dump(yaml.safe_load(plan.read_text()) | change))
    done = intentbench("run", path, "--store", tmp_path / "store")
    assert done.exit_code == 2, done.output
    assert not (tmp_path / "store").exists()
    return done.stderr


def test_mistakes_are_one_sentence(plan: Path, tmp_path: Path) -> None:
    message = refused(plan, tmp_path, tuning={"trial": 3})
    assert "tuning.trial: unknown key; did you mean 'trials'?" in message
    message = refused(plan, tmp_path, tuning={"space": {"layer": [1]}})
    assert "tuning.space: space: no hyper-parameter 'layer'; did you mean 'layers'?" in message
    message = refused(plan, tmp_path, tuning={"sampler": "grid"})
    assert "a grid needs lists" in message
    message = refused(plan, tmp_path, tuning={"space": {"layers": {"low": 3, "high": 1}}})
    assert "low is 3.0, high 1.0" in message


def test_a_storage_that_does_not_answer_tells_no_password(plan: Path, tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:9/none"
    done = intentbench("run", plan, "--store", tmp_path, "--storage", url, "--only", "MostPop")
    assert done.exit_code in (1, 2)
    assert "secret" not in done.output + done.stderr
    assert "--storage" in done.output + done.stderr
    assert not any("secret" in path.read_text(errors="ignore") for path in tmp_path.rglob("*.json"))


def test_any_url_of_optunas_will_do(plan: Path, store: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/trials.db"
    check_same(plan, store, tmp_path, url)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """A server of our own on a free port; it refuses to run as root, so root gives it to nobody."""
    programs, folder = Path(os.environ["INTENTBENCH_POSTGRES"]), tmp_path / "postgres"
    folder.mkdir()
    owner: dict[str, Any] = {}
    if os.getuid() == 0:
        shutil.chown(folder, "nobody")
        for parent in (folder, *folder.parents[:3]):
            parent.chmod(0o755)
        owner = {"user": "nobody"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *words: str) -> None:
        command = [str(programs / program), *words]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **owner)

    call("initdb", "-D", "data", "-U", "bench", "--auth=trust")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
    call("pg_ctl", "-D", "data", "-w", "-o", options, "-l", "log", "start")
    try:
        yield f"postgresql+psycopg://bench@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-D", "data", "-m", "immediate", "stop")


@pytest.mark.skipif(
    "INTENTBENCH_POSTGRES" not in os.environ, reason="set INTENTBENCH_POSTGRES to the folder of initdb"
)
def test_postgresql_will_do(plan: Path, store: Path, tmp_path: Path, postgres: str) -> None:
    check_same(plan, store, tmp_path, postgres)


def check_same(plan: Path, store: Path, tmp_path: Path, url: str) -> None:
    """The same table as with a journal."""
    done = intentbench("run", plan, "--store", tmp_path / "store", "--storage", url)
    assert done.exit_code == 0, done.output
    for place, out in ((store, "a"), (tmp_path / "store", "b")):
        intentbench("report", plan, "--store", place, "--out", tmp_path / out, "--no-costs")
    for name in ("leaderboard.md", "leaderboard.csv", "trials.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
