"""The import rule, and what leaves and the host of RecBole may import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

LOWER = {"models": {"harness", "baselines"}, "baselines": {"harness"}, "harness": set()}

HOST = {
    "models/recommender.py",
    "harness/recbole_host.py",
    "harness/recbole_repairs.py",
    "harness/recbole_stock.py",
    "harness/recbole_trainer.py",
}

LEAVES = ("plots", "scores", "stats", "strata", "tables", "writing")
"""Frames in, frames or files out: modules and packages of the harness that know nothing of the rest."""


def imported(path: Path) -> Iterator[str]:
    """Full names of every module that a file imports, nested imports included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            for alias in node.names:
                below = ROOT / node.module.replace(".", "/") / alias.name
                is_module = below.is_dir() or below.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def packages(path: Path) -> set[str]:
    """Top-level names of a file's imports."""
    return {name.split(".")[0] for name in imported(path)}


def test_imports_go_one_way() -> None:
    for package, forbidden in LOWER.items():
        files = sorted((ROOT / package).rglob("*.py"))
        assert files
        for path in files:
            assert not packages(path) & forbidden, path


def test_recbole_is_touched_where_it_may_be() -> None:
    touched = {
        str(path.relative_to(ROOT))
        for package in LOWER
        for path in (ROOT / package).rglob("*.py")
        if "recbole" in packages(path)
    }
    assert touched == HOST


def test_a_leaf_imports_the_harness_itself_and_leaves() -> None:
    for leaf in LEAVES:
        place = ROOT / "harness" / leaf
        files = sorted(place.rglob("*.py")) or [place.with_suffix(".py")]
        for path in files:
            assert not packages(path) & {"torch", "baselines", "models"}, path
            siblings = {name.split(".")[1] for name in imported(path) if name.startswith("harness.")}
            assert siblings <= set(LEAVES), path
