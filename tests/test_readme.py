"""What the README claims and shows is what the project has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from harness.planning.plan import load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run
from tests.worlds import ROOT

README = (ROOT / "README.md").read_text()


def table_rows(text: str) -> list[list[str]]:
    """The cells of every row of Markdown's tables, headings included."""
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_is_the_committed_leaderboard() -> None:
    """Against git's copy: `make leaderboard` writes the reader's own over the one in the folder."""
    command = ["git", "-C", str(ROOT), "show", ":results/quickstart/leaderboard.md"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    shown = README.split("<!-- leaderboard -->")[1].split("<!-- end -->")[0]
    known = {row[0]: set(row) for row in reversed(table_rows(found.stdout))}  # the first table's rows
    rows = table_rows(shown)
    assert len(rows) == 9
    for row in rows:
        assert set(row) <= known[row[0]]


def test_the_example_plan_is_valid(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0]
    assert yaml.safe_load(example)["name"] == "mine"
    (tmp_path / "plan.yaml").write_text(example)
    assert load_plan(tmp_path / "plan.yaml").repetitions == 3


@pytest.mark.parametrize("target", ["install", "leaderboard", "test", "test-all", "check"])
def test_make_has_the_targets_the_readme_names(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f"make {target}" in README


def test_the_example_of_written_intents_is_valid(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    fragment = next(example for example in examples if "kind: intents" in example)
    plan = f"name: mine\nsystems: [MostPop]\ndatasets:\n  - name: shop\n{fragment}"
    (tmp_path / "plan.yaml").write_text(plan)
    text = load_plan(tmp_path / "plan.yaml").datasets[0].text
    assert text.kind == "intents"
    assert text.writer.name == "gpt-4o-mini"


def test_the_studies_have_as_many_runs_as_the_readme_says() -> None:
    studies = README.split("## Studies")[1].split("\n## ")[0]
    said = {row[0].strip("`"): int(row[2].split(",")[0]) for row in table_rows(studies) if ".yaml" in row[0]}
    assert len(said) == 6
    plans = {name: load_plan(ROOT / "harness" / "plans" / name) for name in said}
    assert said == {name: sum(isinstance(each, Run) for each in expand(plan)) for name, plan in plans.items()}
