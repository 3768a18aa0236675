"""A store that this user may not write ends in one sentence, or is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.store.store import Store
from tests.execution.commands import ENVIRONMENT
from tests.store.small import by_kind, copy_plans, run_plans

POWERLESS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Takes away what lets root write everywhere."""

pytestmark = pytest.mark.skipif(
    os.getuid() == 0 and shutil.which("setpriv") is None, reason="root can write everywhere"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a read-only store that holds a damaged run, and a plan for which it lacks a run."""
    made = tmp_path_factory.mktemp("read-only")
    copy_plans(made)
    run_plans(made)
    store = Store(made / "store")
    (store.folder(by_kind(store)["MostPop"]) / "users.parquet").write_bytes(b"damaged")
    (made / "more.yaml").write_text((made / "fixed.yaml").read_text().replace("- MostPop", "- ItemKNN"))
    every = [store.root, *store.root.rglob("*")]
    for path in every:
        path.chmod(path.stat().st_mode & ~0o222)
    yield made
    for path in every:
        path.chmod(path.stat().st_mode | 0o200)


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "harness.cli.main", *words, "--store", "store"]
    powerless = POWERLESS if os.getuid() == 0 else []
    return subprocess.run([*powerless, *program], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)


@pytest.mark.parametrize("words", ["run more.yaml", "run fixed.yaml --retry", "store verify", "store gc"])
def test_what_would_write_ends_in_one_sentence(words: str, folder: Path) -> None:
    done = command(folder, *words.split())
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "cannot be written (Permission denied)" in done.stderr
    if "verify" in words:
        assert "holds files that do not fit their checksums" in done.stdout, "it says first what it found"


@pytest.mark.parametrize("words", ["status tuned.yaml", "report tuned.yaml --out out", "run tuned.yaml"])
def test_what_only_reads_works(words: str, folder: Path) -> None:
    done = command(folder, *words.split())
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
