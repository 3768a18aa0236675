"""Plans that come with the project, by name and from any folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.plan_names import find_plan, shipped_plans
from harness.errors import InputError
from harness.planning.plan import load_plan
from tests.worlds import ROOT, intentbench


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test stands in the checkout."""
    monkeypatch.chdir(tmp_path)


def test_a_plan_is_found_by_the_name_that_it_gives_itself() -> None:
    assert len(shipped_plans()) == len(list((ROOT / "harness" / "plans").glob("*.yaml")))
    for name in shipped_plans():
        assert load_plan(find_plan(name)).name == name


def test_a_file_of_the_same_name_wins(tmp_path: Path) -> None:
    (tmp_path / "quickstart").write_text("name: mine")
    assert find_plan("quickstart") == Path("quickstart")
    assert find_plan(str(tmp_path / "quickstart")) == tmp_path / "quickstart"


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.yaml").write_text("name: mine")
    assert find_plan("~/mine.yaml") == tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    "wanted", ["quickstrat", "quickstart.yaml", "harness/plans/quickstart.yaml", "", ".", "x" * 5000]
)
def test_what_is_neither_a_file_nor_a_name_is_told_the_names(wanted: str) -> None:
    with pytest.raises(
        InputError, match=r"expected a YAML file or one of ablation, .*quickstart, .*smoke"
    ) as told:
        find_plan(wanted)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "words",
    [
        ["status", "smoke"],
        ["run", "smoke", "--dry-run", "--only", "MostPop"],
        ["data", "check", "smoke"],
    ],
)
def test_commands_take_a_name(words: list[str]) -> None:
    done = intentbench(*words)
    assert done.exit_code == 0, done.output
    assert "ml-100k" in done.output


def test_a_command_that_cannot_use_the_plan_names_its_file() -> None:
    done = intentbench("intents", "build", "smoke")
    assert done.exit_code == 2
    assert "smoke.yaml: no dataset has written intents" in done.output
    done = intentbench("report", "smoke", "--store", "none")
    assert done.exit_code == 2
    assert "no finished run of the plan 'smoke'" in done.output


def test_the_list_says_what_each_plan_asks_and_how_many_runs_it_has() -> None:
    listed = intentbench("plans").output
    for name in shipped_plans():
        assert f" {name} " in listed
    row = next(line for line in listed.splitlines() if " quickstart " in line)
    assert "Eight systems on RecBole's bundled ML-100k" in row
    assert " 24 " in row
