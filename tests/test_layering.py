"""The import rule, checked in the default suite too."""

from __future__ import annotations

import ast
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


def imports(path: Path) -> set[str]:
    """Top-level names of every import in a file, nested ones included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_imports_go_one_way() -> None:
    for package, forbidden in LOWER.items():
        files = sorted((ROOT / package).rglob("*.py"))
        assert files
        for path in files:
            assert not imports(path) & forbidden, path


def test_recbole_is_touched_where_it_may_be() -> None:
    touched = {
        str(path.relative_to(ROOT))
        for package in LOWER
        for path in (ROOT / package).rglob("*.py")
        if "recbole" in imports(path)
    }
    assert touched == HOST
