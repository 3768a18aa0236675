"""What disks do to a store: one clear sentence, the run done again, nothing else touched."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.store.store import Store
from tests.execution.commands import ENVIRONMENT, check_whole, leaderboard, write_plan
from tests.worlds import intentbench

SYSTEMS = ["MostPop", "ItemKNN", "LightGCN"]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    training = {"epochs": 4, "eval_every": 2, "batch_size": 128, "metric": "recall@5"}
    return write_plan(tmp_path, systems=SYSTEMS, repetitions=1, training=training)


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("harm", "name"), [(flip, "users.parquet"), (cut, "users.parquet"), (flip, "run.json")]
)
def test_a_damaged_run_is_told_set_aside_and_done_again(
    harm: Callable[[Path], None], name: str, plan: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    assert intentbench("run", plan, "--store", store).exit_code == 0
    whole = leaderboard(plan, store)
    first, *others = sorted((store / "runs").iterdir())
    harm(first / name)
    before = {path: path.stat().st_mtime_ns for folder in others for path in folder.iterdir()}
    report = intentbench("report", plan, "--store", store, "--out", tmp_path / "out")
    assert report.exit_code == 2
    assert first.name in report.stderr
    assert "1 damaged" in intentbench("status", plan, "--store", store).output
    assert not (tmp_path / "out").exists()
    done = intentbench("run", plan, "--store", store)
    assert done.exit_code == 0, done.output
    assert "its files are damaged, now in" in done.output
    check_whole(store, len(SYSTEMS))
    assert {path: path.stat().st_mtime_ns for folder in others for path in folder.iterdir()} == before
    assert leaderboard(plan, store) == whole
    assert len(list((store / "damaged").iterdir())) == 1


def test_verify_finds_what_is_damaged(plan: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    intentbench("run", plan, "--store", store)
    assert (
        "3 runs are sound, and 0 parts of the store are damaged."
        in intentbench("store", "verify", "--store", store).output
    )
    flip(next(store.glob("runs/*/users.parquet")))
    done = intentbench("store", "verify", "--store", store)
    assert done.exit_code == 1
    assert "2 runs are sound, and 1 parts of the store are damaged." in done.output
    assert "1 missing" in intentbench("status", plan, "--store", store).output


def test_merge_takes_what_is_sound(plan: Path, tmp_path: Path) -> None:
    store, other = tmp_path / "store", tmp_path / "other"
    intentbench("run", plan, "--store", other)
    intentbench("run", plan, "--store", store, "--only", "MostPop")
    damaged = next(
        path for path in sorted(other.glob("runs/*")) if path.name not in Store(store).identities()
    )
    flip(damaged / "users.parquet")
    done = intentbench("store", "merge", other, "--store", store)
    assert "1 runs were copied, and 1 were refused." in done.output
    assert done.exit_code == 1
    assert intentbench("run", plan, "--store", store).exit_code == 0
    check_whole(store, len(SYSTEMS))


def test_a_store_that_cannot_be_written_is_one_sentence(plan: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file, not a folder")
    done = intentbench("run", plan, "--store", tmp_path / "store")
    assert done.exit_code == 2
    assert done.stderr.startswith("intentbench: ")
    assert "is a file; expected a folder" in done.stderr
    assert (tmp_path / "store").read_text() == "a file, not a folder"


def test_a_full_disk_ends_in_one_sentence_and_the_runs_go_on_later(plan: Path, tmp_path: Path) -> None:
    store, alone = tmp_path / "store", tmp_path / "alone"
    assert intentbench("run", plan, "--store", alone).exit_code == 0

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        str(plan),
        "--store",
        str(store),
        "--only",
        "LightGCN",
    ]
    intentbench("run", plan, "--store", store, "--only", "MostPop")
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, preexec_fn=small_files)
    assert done.returncode == 2, done.stderr
    assert "cannot be written (File too large)" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(Store(store).identities()) == 1
    assert intentbench("run", plan, "--store", store).exit_code == 0
    intentbench("store", "gc", "--store", store)
    check_whole(store, len(SYSTEMS))
    assert leaderboard(plan, store) == leaderboard(plan, alone)
