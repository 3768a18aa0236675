"""The lock files, constraints.txt and pyproject.toml name the same packages and versions."""

from __future__ import annotations

import re
import sys

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.worlds import ROOT

if sys.version_info < (3, 11):
    pytest.skip("tomllib came with Python 3.11, and so do the lock files", allow_module_level=True)

import tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

LOCKS = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-dev.lock": PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"],
    "recbole.lock": ["recbole"],
}
"""Each lock file with what was asked for when it was made."""

WITHOUT_HASHES = "torch"
"""Installed by version: its CPU and its CUDA build share it, and have different hashes."""


def requirements(name: str) -> list[Requirement]:
    """The requirements of a file, without their hashes."""
    lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    lines = [re.sub(r"--hash=\S+|#.*", "", line).strip() for line in lines]
    return [Requirement(line) for line in lines if line]


def versions(name: str) -> dict[str, str]:
    """The version of every package that a file pins."""
    return {canonicalize_name(each.name): str(each.specifier) for each in requirements(name)}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_everything_that_was_asked_for(lock: str) -> None:
    asked = [Requirement(line) for line in LOCKS[lock]]
    locked = versions(lock)
    for each in asked:
        name = canonicalize_name(each.name)
        assert name == WITHOUT_HASHES or name in locked, f"{name} is missing; type `make lock`"
        assert name == WITHOUT_HASHES or each.specifier.contains(locked[name].removeprefix("=="))


@pytest.mark.parametrize("lock", LOCKS)
def test_versions_are_those_of_the_constraints(lock: str) -> None:
    constraints = versions("constraints.txt")
    assert versions(lock).items() <= constraints.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes(lock: str) -> None:
    text = re.sub(r"^#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    assert all("==" in line and "--hash=sha256:" in line for line in text.splitlines() if line)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_server_and_no_folder(lock: str) -> None:
    assert not re.search(r"://|^-|/", (ROOT / lock).read_text(), flags=re.MULTILINE)


def test_the_tests_use_the_versions_that_the_program_uses() -> None:
    assert versions("requirements.lock").items() <= versions("requirements-dev.lock").items()


def test_torch_has_one_version() -> None:
    asked = [Requirement(line) for line in PROJECT["dependencies"]]
    pinned = [str(each.specifier) for each in asked if each.name == WITHOUT_HASHES]
    assert pinned == [versions("constraints.txt")[WITHOUT_HASHES]]
