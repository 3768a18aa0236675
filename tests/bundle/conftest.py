"""A small study that was run once, and its bundles."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundle.small import EVALUATED
from tests.store.small import copy_plans, run_plans
from tests.worlds import intentbench


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plans ``tuned`` and ``fixed``, their data and ``store``. ``fixed`` keeps lists."""
    folder = tmp_path_factory.mktemp("study")
    copy_plans(folder)
    fixed = folder / "fixed.yaml"
    text = fixed.read_text()
    assert EVALUATED in text
    fixed.write_text(text.replace(EVALUATED, EVALUATED + "lists: 3, "))
    run_plans(folder)
    return folder


@pytest.fixture(scope="session")
def bundle(study: Path) -> Path:
    """The bundle of ``fixed`` as a zip file."""
    return _bundle(study, "fixed.zip")


@pytest.fixture(scope="session")
def anonymous(study: Path) -> Path:
    """The bundle of ``fixed`` as a folder, with numbers in place of the users' ids."""
    return _bundle(study, "fixed-anonymous", "--anonymous")


def _bundle(study: Path, name: str, *words: str) -> Path:
    done = intentbench(
        "bundle", study / "fixed.yaml", "--store", study / "store", "--out", study / name, *words
    )
    assert done.exit_code == 0, done.output + done.stderr
    return study / name
