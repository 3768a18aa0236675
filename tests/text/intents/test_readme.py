"""The README of written intents shows what the project has."""

from __future__ import annotations

import re
from pathlib import Path

from harness.planning.plan import load_plan
from harness.text.intents.answers import FALLBACKS
from tests.worlds import ROOT

FOLDER = ROOT / "harness" / "text" / "intents"
README = (FOLDER / "README.md").read_text()


def test_the_example_is_part_of_a_valid_plan(tmp_path: Path) -> None:
    (fragment,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    plan = f"name: mine\nsystems: [MostPop]\ndatasets:\n  - name: shop\n{fragment}"
    (tmp_path / "plan.yaml").write_text(plan)
    text = load_plan(tmp_path / "plan.yaml").datasets[0].text
    assert text.kind == "intents"
    assert text.writer.name == "gpt-4o-mini"


def test_every_status_is_explained() -> None:
    table = README.split("| status | meaning |")[1].split("\n\n")[0]
    statuses = {name for row in re.findall(r"^\| ([^|-]+) \|", table, re.M) for name in row.split(", ")}
    assert statuses == {"answered", "repaired", *FALLBACKS}


def test_files_and_prompts_that_it_names_exist() -> None:
    for name in re.findall(r"`(\w+\.py)`", README):
        assert (FOLDER / name).is_file()
    assert (FOLDER / "prompts" / "v1").is_dir()
