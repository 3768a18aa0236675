"""Which top-level packages may import which, and who may touch RecBole; import-linter checks the rest."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds import ROOT

LOWER = {"models": {"harness", "baselines"}, "baselines": {"harness"}, "harness": set()}

HOST = {
    "models/recommender.py",
    "harness/recbole_host/config.py",
    "harness/recbole_host/general.py",
    "harness/recbole_host/repairs.py",
    "harness/recbole_host/stock.py",
    "harness/recbole_host/trainer.py",
}


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


@pytest.mark.parametrize(
    "statement",
    [
        "import harness.report",
        "import harness.planning.run_status",
        "import harness.data.describe",
        "from harness.planning.plan import load_plan; from harness.planning.runs import expand; "
        "list(expand(load_plan(Path('harness/plans/ablation.yaml'))))",
    ],
)
def test_plans_statuses_and_reports_load_neither_torch_nor_a_model(statement: str) -> None:
    code = (
        f"import sys; from pathlib import Path; {statement}; "
        "print([name for name in sys.modules if name.split('.')[0] in ('torch', 'recbole', 'optuna') "
        "or name.split('.')[0] in ('models', 'baselines') and not name.endswith(('models', 'baselines', 'hyper'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", ["status smoke", "data check smoke"])
def test_looking_at_plans_and_data_loads_neither_torch_nor_recbole(words: str, tmp_path: Path) -> None:
    """Each takes a second or more to load."""
    code = (
        "import sys; from harness.cli.main import app\n"
        f"try: app({[*words.split(), '--store', str(tmp_path)]!r})\n"
        "except SystemExit as end: assert not end.code\n"
        "print([name for name in ('torch', 'recbole', 'optuna') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"
