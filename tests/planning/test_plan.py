"""Plans: strict, expanded in order, identified by content."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.planning.identity import seed_of
from harness.planning.plan import load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run, Skipped
from harness.testing.conformance import make_run
from tests.worlds import ROOT

PLANS = ROOT / "harness" / "plans"

GOOD = """\
name: p
repetitions: 2
datasets:
  - name: ml
    source: {kind: movielens}
systems:
  - MostPop
  - system: IRLLRec
    hyper: {n_intents: 16}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "plan.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_plans_are_valid(path: Path) -> None:
    plan = load_plan(path)
    assert plan.name == path.stem
    assert list(expand(plan))


def test_expansion_order_and_settings(tmp_path: Path) -> None:
    runs = [run for run in expand(load_plan(write(tmp_path, GOOD))) if isinstance(run, Run)]
    assert [(run.system.name, run.repetition) for run in runs] == [
        ("MostPop", 0), ("MostPop", 1), ("IRLLRec[LightGCN]", 0), ("IRLLRec[LightGCN]", 1),
    ]  # fmt: skip
    assert runs[2].settings["n_intents"] == 16


def test_a_dataset_without_text_skips_alignments_with_a_reason(tmp_path: Path) -> None:
    text = GOOD.replace("{kind: movielens}", "{kind: matrices, folder: x}")
    skipped = [each for each in expand(load_plan(write(tmp_path, text))) if isinstance(each, Skipped)]
    assert skipped == [Skipped("ml", "IRLLRec[LightGCN]", "needs text, and the dataset has none")]


def test_relative_paths_start_at_the_plan(tmp_path: Path) -> None:
    text = GOOD.replace("{kind: movielens}", "{kind: matrices, folder: x}")
    source = load_plan(write(tmp_path, text)).datasets[0].source
    assert source.kind == "matrices"
    assert source.folder == tmp_path / "x"


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("repetitions", "repetition", r"plan.yaml, line 2, repetition: unknown key; did you mean 'repetitions'"),
        ("{kind: movielens}", "{kind: movielens, cor: 5}", r"line 5, datasets.0.source.cor: unknown key; did you mean 'core'"),
        ("{kind: movielens}", "{kind: movielense}", r"line 5, datasets.0.source.*'movielens'"),
        ("{kind: movielens}", "{knd: movielens}", r"line 5, datasets.0.source: the kind is missing; expected .kind: movielens . matrices"),
        ("{kind: movielens}", "{kind: table, pth: x.csv}", r"datasets.0.source.pth: unknown key; did you mean 'path'"),
        ("{kind: movielens}", "{kind: table, path: x.csv, item: ''}", r"line 5, datasets.0.source.item: .*at least 1 character"),
        ("repetitions: 2", "smallest_effect: -1 %", r"line 2, smallest_effect: .*a share of the reference such as 1 %"),
        ("MostPop", "MostPopp", r"line 7, systems.0: .*did you mean 'MostPop'"),
        ("n_intents: 16", "n_intent: 16", r"line 8, systems.1: .*did you mean 'n_intents'"),
        ("repetitions: 2", "evaluation: {metrics: [recal]}", r"unknown metric 'recal'; did you mean 'recall'"),
        ("repetitions: 2", "evaluation: {show: [recall@7]}", r"'recall@7' is not measured"),
        ("repetitions: 2", "training: {metric: ndgc@20}", r"line 2, training.metric: .*did you mean 'ndcg'"),
        ("repetitions: 2", "repetitions: 0", r"line 2, repetitions: .*\(found 0\)"),
        ("  - MostPop", "  - LightGCN\n  - LightGCN", r"'LightGCN' is listed twice"),
        ("repetitions: 2", "strata: {users: equal_user}", r"line 2, strata.users: .*'equal_users'"),
        ("repetitions: 2", "strata: {edges: [5, 5]}", r"line 2, strata: edges are \[5, 5\]; expected ascending numbers"),
        ("repetitions: 2", "strata: {edges: [5], groups: 3}", r"line 2, strata: `edges` is given beside"),
        ("systems:", "sytems:", r"sytems: unknown key; did you mean .systems"),
        ("name: p", "name: [", r"not YAML"),
        (GOOD, "just words", r"holds a str; expected keys"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_place(tmp_path: Path, old: str, new: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint) as caught:
        load_plan(write(tmp_path, GOOD.replace(old, new, 1)))
    assert "\n" not in str(caught.value)


def test_identity_follows_what_a_result_depends_on() -> None:
    run = make_run("LightGCN")
    assert run.identity("x") == make_run("LightGCN").identity("x")
    others = [
        make_run("DCCF").identity("x"),
        make_run("LightGCN", {"layers": 2}).identity("x"),
        make_run("LightGCN", repetition=1).identity("x"),
        make_run("LightGCN", epochs=3).identity("x"),
        run.identity("y"),
    ]
    assert len({run.identity("x"), *others}) == 6


def test_a_classic_is_the_same_run_however_others_train() -> None:
    assert make_run("MostPop").identity("x") == make_run("MostPop", epochs=3).identity("x")


def test_seeds_are_the_same_for_every_system_and_differ_by_purpose() -> None:
    one, other = make_run("LightGCN"), make_run("DCCF")
    assert one.seed("init") == other.seed("init") != one.seed("batches")
    assert one.seed("init") != make_run("LightGCN", repetition=1).seed("init")
    assert 0 <= seed_of(1, "d", None, "split") < 2**31


def test_strata_change_the_report_and_item_strata_the_runs(tmp_path: Path) -> None:
    def identities(more: str) -> list[str]:
        plan = load_plan(write(tmp_path, GOOD + more))
        return [each.identity("x") for each in expand(plan) if isinstance(each, Run)]

    plain = identities("")
    assert identities("strata: {users: equal_users, groups: 3}\n") == plain
    assert identities("evaluation: {item_strata: false}\n") == plain
    assert not set(identities("evaluation: {item_strata: true}\n")) & set(plain)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            GOOD + "systems: [MostPop]\n",
            r"plan.yaml, line 10, systems: the key is in line 6 too; expected it once",
        ),
        (
            GOOD.replace("{n_intents: 16}", "{layers: 1, layers: 2}"),
            r"plan.yaml, line 9, systems.1.hyper.layers: the key is in line 9 too",
        ),
        (
            "name: p\ndatasets: [{name: ml, source: {kind: movielens}}]\nsystems: [LightGCN]\nablate: [-profile]\n",
            r"ablate: no listed system reads text; expected one such as IRLLRec\[LightGCN\]",
        ),
    ],
)
def test_what_yaml_or_a_study_would_pass_over_in_silence_is_refused(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        load_plan(write(tmp_path, text))
