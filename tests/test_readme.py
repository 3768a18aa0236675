"""What the documents claim, show and link to is what the project has."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from harness.cli.main import app
from harness.planning.plan import Plan, load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run
from harness.systems.recbole_models import RecboleModel
from tests.worlds import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "DECISIONS.md", ROOT / "results" / "README.md"]
DOCUMENTS += sorted((ROOT / "harness").rglob("README.md"))
TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in DOCUMENTS}
README, PLANS = TEXTS["README.md"], TEXTS["harness/plans/README.md"]
EVERYTHING = "\n".join(TEXTS.values())

VERDICTS = {"undecided": "undecided", "equal": "equal to the best", "worse": "worse", "better": "better"}
"""How the README says the verdicts of leaderboard.csv."""


def table_rows(text: str) -> list[list[str]]:
    """The cells of every row of Markdown's tables, headings included."""
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def committed(name: str) -> str:
    """A file of results/quickstart as git has it, whatever a reader's own report has put in its place."""
    command = ["git", "-C", str(ROOT), "show", f":results/quickstart/{name}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    if shown.returncode:
        pytest.skip("not a git checkout")
    return shown.stdout


def leaderboard() -> list[list[str]]:
    return table_rows(README.split("<!-- leaderboard -->")[1].split("<!-- end -->")[0])


def test_every_number_of_the_table_is_in_the_committed_leaderboard() -> None:
    by_system = {row[0]: row for row in reversed(table_rows(committed("leaderboard.md")))}
    titles = by_system["System"]
    heading, *rows = leaderboard()
    assert heading == ["System", "Recall@20", "NDCG@20", "Seconds a run", "Verdict"]
    assert len(rows) == 8
    for system, recall, ndcg, seconds, _ in rows:
        written = by_system[system]
        assert recall == written[titles.index("Recall@20")].rstrip("▲▼= ")
        assert ndcg == re.match(r"\S+", written[titles.index("NDCG@20")])[0]  # type: ignore[index]
        assert seconds == written[titles.index("s a run")]


def test_the_verdicts_are_those_of_the_committed_leaderboard() -> None:
    """The best baseline has no verdict on its own metric; NDCG@20 is named where it disagrees."""
    verdicts: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(committed("leaderboard.csv").splitlines()):
        verdicts.setdefault(row["system"], {})[row["metric"]] = row["verdict"] if row["baseline"] else "best"
    for system, *_, said in leaderboard()[1:]:
        recall, ndcg = verdicts[system]["recall@20"], verdicts[system]["ndcg@20"]
        if recall == "best":
            assert said == "the best baseline"
        elif ndcg in ("best", recall):
            assert said == VERDICTS[recall]
        else:
            assert said == f"{VERDICTS[recall]}; {VERDICTS[ndcg]} on NDCG@20"


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def links() -> Iterator[tuple[str, str]]:
    for name, text in TEXTS.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" not in target:
                yield name, target


@pytest.mark.parametrize(("document", "target"), sorted(set(links())))
def test_links_lead_to_files_and_headings(document: str, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (ROOT / document).parent / path if path else ROOT / document
    assert file.exists()
    if anchor:
        assert anchor in {slug(heading) for heading in re.findall(r"^#+ (.*)$", file.read_text(), re.M)}


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def code() -> Iterator[str]:
    """Every line of a block of code, and every piece of code in a line of text.

    `run` and `report` alone are short for the commands of these names.
    """
    for text in TEXTS.values():
        for place, part in enumerate(re.split(r"^ *```.*$", text, flags=re.MULTILINE)):
            pieces = part.splitlines() if place % 2 else re.findall(r"`([^`\n]+)`", part)
            for piece in pieces:
                yield re.sub(r"^(run|report) ", r"intentbench \1 ", re.sub(r"\s{2,}#.*", "", piece))


COMMANDS = sorted(
    {each for line in code() for each in line.split(" && ") if re.match("intentbench [a-z]", each)}
)


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_their_options_and_their_plans_exist(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = line.split()[1:]
    while isinstance(command, TyperGroup) and words:
        name = words.pop(0)
        assert name in command.commands
        command = command.commands[name]
    known = {
        "--help",
        *(name for option in command.params for name in [*option.opts, *option.secondary_opts]),
    }
    assert {word for word in words if word.startswith("--")} <= known
    if words and command.params[0].name in ("plan", "plans") and words[0][0].islower():
        assert words[0].endswith(".yaml") or (ROOT / "harness" / "plans" / f"{words[0]}.yaml").exists()


@pytest.mark.parametrize(
    "target", sorted({name for line in code() for name in re.findall(r"\bmake ([a-z-]+)", line)})
)
def test_make_has_the_targets_that_documents_name(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def named_files() -> Iterator[tuple[str, str]]:
    for name, text in TEXTS.items():
        for path in re.findall(r"`([\w/.-]+\.(?:py|yaml|toml|md|csv))`", text):
            if "/" in path and not path.startswith("/"):
                yield name, path


@pytest.mark.parametrize(("document", "path"), sorted(set(named_files())))
def test_files_that_documents_name_exist(document: str, path: str) -> None:
    assert (ROOT / path).exists() or ((ROOT / document).parent / path).exists()


NAMES = sorted(set(re.findall(r"`([\w/]+\.py)`\s\(`(\w+)`\)", EVERYTHING)))


@pytest.mark.parametrize(("path", "name"), NAMES)
def test_names_that_documents_give_with_a_file_are_in_it(path: str, name: str) -> None:
    assert re.search(rf"^(def|class) {name}\b", (ROOT / path).read_text(), re.MULTILINE)


def examples() -> list[tuple[str, dict[str, Any]]]:
    """Every block of YAML with the document that shows it."""
    return [
        (name, yaml.safe_load(block))
        for name, text in TEXTS.items()
        for block in re.findall(r"^ *```yaml\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    ]


@pytest.mark.parametrize(("document", "example"), examples())
def test_the_examples_are_plans_or_parts_of_plans(
    document: str, example: dict[str, Any], tmp_path: Path
) -> None:
    """A part is put where its keys belong: into a plan, or into its dataset."""
    plan: dict[str, Any] = {"name": "mine", "systems": ["IRLLRec[LightGCN]"]}
    dataset: dict[str, Any] = {"name": "shop", "source": {"kind": "movielens"}}
    for key, value in example.items():
        (plan if key in Plan.model_fields else dataset)[key] = value
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({"datasets": [dataset]} | plan))
    assert load_plan(tmp_path / "plan.yaml")


def test_the_plans_are_listed_with_their_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecboleModel, "missing_packages", [])  # no model of RecBole is skipped here
    said = {
        row[0].strip("`"): int(row[2].split(",")[0]) for row in table_rows(PLANS) if row[-2][:1].isdigit()
    }
    plans = {path.stem: load_plan(path) for path in (ROOT / "harness" / "plans").glob("*.yaml")}
    assert said == {name: sum(isinstance(each, Run) for each in expand(plan)) for name, plan in plans.items()}


def documented() -> dict[str, dict[str, str]]:
    """By class of a plan's parts: each key's default as the document has it.

    A comment before a table names the classes whose keys it holds. The table of fewest classes counts
    where several have a key.
    """
    tables = re.findall(r"<!-- keys: ([\w ]+) -->\n\n((?:\|.*\n)+)", PLANS)
    found: dict[str, dict[str, str]] = {}
    for names, table in sorted(tables, key=lambda each: -len(each[0].split())):
        for name in names.split():
            rows = {row[0].strip("`"): row[2].strip("`") for row in table_rows(table)[1:]}
            found.setdefault(name, {}).update(rows)
    return found


def test_every_key_of_a_plan_is_documented_with_its_default() -> None:
    schema = Plan.model_json_schema()
    parts = {"Plan": schema, **{name: part for name, part in schema["$defs"].items() if "properties" in part}}
    said = documented()
    assert said.keys() == parts.keys()
    for name, part in parts.items():
        keys = {key: facts for key, facts in part["properties"].items() if key != "kind" or key in said[name]}
        assert said[name].keys() == keys.keys(), name
        for key, facts in keys.items():
            default = facts.get("default")
            if key in part.get("required", ()):
                assert said[name][key] == "required", f"{name}.{key}"
            elif default is None:
                assert said[name][key] == "none", f"{name}.{key}"
            elif not isinstance(default, dict) or not default:
                assert yaml.safe_load(said[name][key]) == json.loads(json.dumps(default)), f"{name}.{key}"


def test_decisions_have_ascending_numbers_and_a_date() -> None:
    text = TEXTS["DECISIONS.md"]
    entries = re.findall(
        r"^\*\*D(\d+)\. [^*]+\*\*\s+(\d{4}-\d\d-\d\d)\.", re.sub(r"(?<!\n)\n(?!\n)", " ", text), re.M
    )
    numbers = [int(number) for number, _ in entries]
    assert len(entries) == len(re.findall(r"^\*\*D", text, re.MULTILINE))
    assert numbers == sorted(set(numbers))
    assert {int(number) for number in re.findall(r"\bD(\d+)\b(?! to)", EVERYTHING)} <= {*numbers, *ends(text)}


def ends(decisions: str) -> set[int]:
    """The last number that is free under each heading."""
    return {int(number) for number in re.findall(r"D\d+ to D(\d+)", decisions)}
