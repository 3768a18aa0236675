"""Every general recommender of the installed RecBole is a line, with the hyper-parameters of its YAML file."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import InputError
from harness.planning.plan import Plan, domains
from harness.planning.run_status import OTHER_VERSION
from harness.planning.runs import expand
from harness.planning.tasks import Run, Skipped
from harness.systems import recbole_models
from harness.systems.line import parse
from harness.systems.recbole_models import declarations, models
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from harness.systems.settings import settings
from harness.testing.world import checkerboard
from harness.training.memory import Sizes, needed_bytes
from tests.worlds import ROOT, intentbench

PLAN: dict[str, Any] = {
    "name": "p",
    "repetitions": 1,
    "datasets": [{"name": "d", "source": {"kind": "movielens"}}],
    "systems": ["recbole:NeuMF"],
}


def plan_of(**keys: Any) -> Plan:
    return Plan.model_validate({**PLAN, **keys})


def only_run(plan: Plan) -> Run:
    (run,) = expand(plan)
    assert isinstance(run, Run)
    return run


def test_the_models_are_those_of_recboles_package() -> None:
    from recbole.model.abstract_recommender import GeneralRecommender
    from recbole.utils import ModelType

    package = importlib.import_module("recbole.model.general_recommender")
    classes = {
        f"recbole:{name}": each
        for name, each in vars(package).items()
        if isinstance(each, type) and issubclass(each, GeneralRecommender)
    }
    assert set(models()) == set(classes)
    assert len(models()) == 33
    fitted = {line for line, each in classes.items() if each.type == ModelType.TRADITIONAL}
    assert {line for line, model in models().items() if model.is_fitted} == fitted


def test_lines_are_read_without_torch_and_without_recbole() -> None:
    code = (
        "import sys; from harness.systems.line import parse; from harness.systems.settings import settings; "
        "settings(parse('recbole:NCL'), {}); sys.exit(bool({'torch', 'recbole'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("line", models())
def test_hyper_parameters_are_the_keys_of_the_yaml_file(line: str) -> None:
    from recbole.config import Config

    from harness.recbole_host.config import quiet
    from harness.recbole_host.repairs import repair

    repair()
    with quiet():
        config = Config(model=line.removeprefix("recbole:"), dataset="x")
    for item in declarations(line):
        value = recbole_models.as_list(item.default) if item.metadata["kind"] == "list" else item.default
        assert config[item.name] == value
    file = Path(importlib.import_module("recbole").__file__ or "").parent / "properties" / "model"
    text = (file / f"{models()[line].name}.yaml").read_text() if line != "recbole:Random" else ""
    keys = set(yaml.safe_load(text) or {})
    learned = set() if models()[line].is_fitted else {"learning_rate"}
    assert {item.name for item in declarations(line)} == keys | learned


def test_ranges_name_models_and_hyper_parameters_of_recbole_and_hold_the_default() -> None:
    ranges = yaml.safe_load(recbole_models.RANGES.read_text())
    for name, values in ranges.items():
        declared = {item.name: item for item in declarations(f"recbole:{name}")}
        for hyper_parameter in values:
            item = declared[hyper_parameter]
            assert item.default in item.metadata["tried"]
            kinds = {type(value) for value in item.metadata["tried"]}
            assert kinds == {type(item.default)}
    assert {line.removeprefix("recbole:") for line in models()} - set(ranges) == {"Pop", "Random"}


def test_a_search_tries_the_published_values_and_what_the_plan_lists() -> None:
    plan = plan_of(
        tuning={"trials": 3},
        systems=[{"system": "recbole:NeuMF", "space": {"mf_train": [True, False]}}],
    )
    (entry,) = plan.systems
    assert plan.tuning
    space = domains(plan.tuning, entry, settings(entry.system, {}))
    assert set(space) == {"learning_rate", "dropout_prob", "mlp_hidden_size", "mf_train"}
    assert space["mlp_hidden_size"].choices == ("[128, 64]", "[64, 32, 16]", "[32, 16, 8]")
    assert space["mf_train"].choices == (True, False)


@pytest.mark.parametrize("value", [[64, 32], "[64,32]", (64, 32)])
def test_a_list_is_kept_as_text(value: Any) -> None:
    assert settings(parse("recbole:NeuMF"), {"mlp_hidden_size": value})["mlp_hidden_size"] == "[64, 32]"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("recbole:NLC", "has no such general recommender; did you mean 'recbole:NCL'"),
        ("recbole:NCL[-intent]", "no terms, text, presets or starts .* expected recbole:NCL alone"),
        ("recbole:NCL[text=shuffled]", "expected recbole:NCL alone"),
        ("recbole:NCL[capacity=IRLLRec]", "expected recbole:NCL alone"),
        ("recbole:NCL[start=warm]", "expected recbole:NCL alone"),
        ("recbole:NCL[preset=paper]", "expected recbole:NCL alone"),
        ("IRLLRec[recbole:NCL]", "recbole:NCL is a whole system; expected a backbone"),
    ],
)
def test_a_line_that_cannot_be_is_refused_in_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        parse(line)


@pytest.mark.parametrize(
    ("hyper", "sentence"),
    [
        ({"mlp_hidden_size": 3}, r"expected a list such as \[128, 64\]"),
        ({"mlp_hidden_size": ["a"]}, "expected a list"),
        ({"mf_train": 1}, "expected true or false"),
        ({"dropout_prob": "x"}, "expected a number"),
        ({"mf_embedding_size": 1.5}, "expected a whole number"),
        ({"mf_pretrain_path": "a.pth"}, "expected no file"),
        ({"embedding_size": 8}, "no hyper-parameter 'embedding_size'"),
    ],
)
def test_a_value_that_cannot_be_is_refused(hyper: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        settings(parse("recbole:NeuMF"), hyper)


@pytest.mark.parametrize("key", ["ablate", "controls"])
def test_ablations_and_controls_ask_for_a_system_that_reads_text(key: str) -> None:
    with pytest.raises(ValueError, match=f"{key}: no listed system reads text"):
        plan_of(**{key: ["-intent"] if key == "ablate" else ["shuffled"]})


def test_another_version_is_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = only_run(plan_of())
    identity = run.identity("c")
    monkeypatch.setattr(recbole_models, "installed_version", lambda: "1.2.2")
    assert run.identity("c") != identity
    assert run.system.sources == {"recbole:NeuMF": "1.2.2"}
    assert "version" in OTHER_VERSION


def test_lengths_of_a_training_are_no_part_of_a_fitted_model() -> None:
    one, two = (only_run(plan_of(systems=["recbole:EASE"], training={"epochs": epochs})) for epochs in (3, 4))
    assert one.identity("c") == two.identity("c")
    assert (one.steps, only_run(plan_of(training={"epochs": 3})).steps) == (0, 3)


def test_a_package_that_is_missing_skips_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec  # type: ignore[attr-defined]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "faiss" else find(name))
    (skipped,) = expand(plan_of(systems=["recbole:NCL"]))
    assert skipped == Skipped(
        "d", "recbole:NCL", "needs the packages faiss; type `pip install -e '.[recbole]'`"
    )


def test_a_grid_spans_a_list() -> None:
    grid = {"system": "recbole:NeuMF", "over": {"mlp_hidden_size": [[8], [16, 8]]}}
    runs = list(expand(plan_of(systems=["MostPop"], grid=grid)))
    assert [run.name for run in runs if isinstance(run, Run)][1:] == [
        "recbole:NeuMF {mlp_hidden_size=[8]}",
        "recbole:NeuMF {mlp_hidden_size=[16, 8]}",
    ]


@pytest.mark.parametrize("line", ["recbole:EASE", "recbole:BPR", "recbole:MultiVAE"])
def test_memory_grows_with_the_dataset(line: str) -> None:
    spec = parse(line)
    small, large = (needed_bytes(spec, settings(spec, {}), Sizes(n, n, n, 0)) for n in (1000, 10_000))
    assert small < large


def test_systems_lists_the_models_and_the_hyper_parameters_of_one() -> None:
    listed = intentbench("systems").output
    assert all(line in listed for line in models())
    shown = intentbench("systems", "recbole:SGL").output
    assert "ssl_tau" in shown
    assert "0.1 | 0.2 | 0.5 | 1.0" in " ".join(shown.split())
    assert "None" not in shown


def test_a_run_is_estimated_done_and_reported(tmp_path: Path) -> None:
    users = checkerboard()
    rows = ["user,item", *(f"u{user},i{item}" for user, item in [*users.train, *users.valid, *users.test])]
    (tmp_path / "log.csv").write_text("\n".join(rows))
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        """
name: p
repetitions: 1
datasets: [{name: d, source: {kind: table, path: log.csv}}]
systems:
  - MostPop
  - recbole:EASE
  - system: recbole:NeuMF
    space: {mlp_hidden_size: [[8], [4]], dropout_prob: [0.1], learning_rate: [0.01, 0.001]}
training: {epochs: 2, eval_every: 1}
tuning: {trials: 2}
"""
    )
    store = tmp_path / "store"
    dry = intentbench("run", plan, "--store", store, "--dry-run")
    assert dry.exit_code == 0, dry.output
    done = intentbench("run", plan, "--store", store)
    assert done.exit_code == 0, done.output
    assert intentbench("report", plan, "--store", store, "--out", tmp_path / "out").exit_code == 0
    table = (tmp_path / "out" / "leaderboard.md").read_text()
    assert "recbole:NeuMF" in table
    assert "recbole:EASE" in table


def test_ours_and_recboles_do_not_take_each_others_names() -> None:
    for line in models():
        assert all(line not in parts for parts in (BACKBONES, ALIGNMENTS, CLASSICS))
