"""Temporary folders with users' data go with the process that made them, even if it was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.store.temporary import LOCK, PREFIX, remove_abandoned, temporary_folder
from tests.execution.commands import ENVIRONMENT, checkpoints, finish, until, write_plan

HOLDING = """
import sys, time
from harness.store.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "pairs.inter").write_text("u1 i1")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of temporary files of the test's own."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextmanager
def holder(temp: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that holds a temporary folder."""
    environment = {**ENVIRONMENT, "TMPDIR": str(temp)}
    command = [sys.executable, "-c", HOLDING]
    with subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_a_folder_goes_when_its_block_ends(temp: Path) -> None:
    with temporary_folder() as folder:
        (folder / "pairs.inter").write_text("u1 i1")
        assert folder.parent == temp
        assert remove_abandoned() == []
        assert (folder / "pairs.inter").exists()
    assert not list(temp.iterdir())


def test_a_folder_of_a_killed_process_goes_and_that_of_a_living_one_stays(temp: Path) -> None:
    with holder(temp) as (process, folder):
        assert remove_abandoned() == []
        assert (folder / "pairs.inter").exists()
        process.kill()
        process.wait()
        assert remove_abandoned() == [folder]
        assert not list(temp.iterdir())


def test_an_empty_folder_is_what_a_process_left_before_it_had_the_lock(temp: Path) -> None:
    (temp / f"{PREFIX}abc").mkdir()
    assert remove_abandoned() == [temp / f"{PREFIX}abc"]


def test_a_folder_of_an_earlier_version_goes_when_no_process_can_be_using_it(temp: Path) -> None:
    folder = temp / f"{PREFIX}abcdefgh"
    (folder / "train-pairs").mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as older:
        try:
            os.utime(folder, (time.time(), time.time() + 60))
            assert remove_abandoned() == []
        finally:
            older.kill()
    os.utime(folder, (1, 1))
    assert remove_abandoned() == [folder]


def test_what_is_not_ours_stays(temp: Path) -> None:
    results = temp / f"{PREFIX}results"
    (results / "runs").mkdir(parents=True)
    os.utime(results, (1, 1))
    (temp / f"{PREFIX}notes.txt").write_text("mine")
    elsewhere = temp / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (temp / f"{PREFIX}link").symlink_to(elsewhere)
    before = sorted(temp.rglob("*"))
    assert remove_abandoned() == []
    assert sorted(temp.rglob("*")) == before


def test_the_next_run_removes_what_killed_runs_left(temp: Path, tmp_path: Path) -> None:
    plan, store = write_plan(tmp_path, systems=["LightGCN"], repetitions=1), tmp_path / "store"
    command = [sys.executable, "-m", "harness.cli.main", "run", str(plan), "--store", str(store)]
    environment = {**ENVIRONMENT, "TMPDIR": str(temp)}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    for _ in range(2):
        process = start()
        began = time.time()
        until(lambda began=began: any(path.stat().st_mtime > began for path in checkpoints(store)))
        process.kill()
        process.communicate()
    assert len(list(temp.glob(f"{PREFIX}*"))) == 1, "the second run removed what the first one left"
    finish(start())
    assert not list(temp.glob(f"{PREFIX}*"))
