"""What a plan's systems expand to: ablations, controls, grids."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.planning.expansion import system_variants
from harness.planning.plan import load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run, Skipped
from tests.planning.test_plan import write

TEXT = """\
name: p
repetitions: 1
datasets:
  - name: ml
    source: {kind: movielens}
systems:
  - MostPop
  - RLMRec-Con[LightGCN]
  - system: IRLLRec[LightGCN]
    hyper: {learning_rate: 0.005}
"""


def runs(folder: Path, more: str) -> tuple[dict[str, Run], dict[str, str]]:
    """Runs by name, and the reasons of what is skipped."""
    every = list(expand(load_plan(write(folder, TEXT + more))))
    return (
        {each.name: each for each in every if isinstance(each, Run)},
        {each.system: each.reason for each in every if isinstance(each, Skipped)},
    )


def test_ablations_of_every_text_system_keep_its_hyper_parameters(tmp_path: Path) -> None:
    found, skipped = runs(tmp_path, "ablate: [-profile, -intent-translation]\n")
    assert list(found) == [
        "MostPop",
        "RLMRec-Con[LightGCN]",
        "RLMRec-Con[LightGCN, -profile]",
        "IRLLRec[LightGCN]",
        "IRLLRec[LightGCN, -profile]",
        "IRLLRec[LightGCN, -intent, -translation]",
    ]
    assert skipped == {"RLMRec-Con[LightGCN] -intent-translation": "has no term 'intent'"}
    settings = found["IRLLRec[LightGCN, -profile]"].settings
    assert (settings["learning_rate"], settings["profile_weight"]) == (0.005, 0.0)


def test_a_classic_that_reads_text_has_controls_and_no_ablations(tmp_path: Path) -> None:
    found, skipped = runs(tmp_path, "  - L3AE\ncontrols: [random]\nablate: [-profile]\n")
    assert "L3AE[text=random]" in found
    assert skipped["L3AE -profile"] == "has no term 'profile'"


def test_a_classic_that_reads_text_is_skipped_without_text(tmp_path: Path) -> None:
    text = TEXT.replace("{kind: movielens}", "{kind: matrices, folder: x}") + "  - L3AE\n"
    every = list(expand(load_plan(write(tmp_path, text))))
    assert Skipped("ml", "L3AE", "needs text, and the dataset has none") in every


def test_controls_of_every_text_system(tmp_path: Path) -> None:
    found, skipped = runs(tmp_path, 'controls: [shuffled, "noise:.5"]\n')
    assert [name for name in found if "text=" in name] == [
        "RLMRec-Con[LightGCN, text=shuffled]",
        "RLMRec-Con[LightGCN, text=noise:0.5]",
        "IRLLRec[LightGCN, text=shuffled]",
        "IRLLRec[LightGCN, text=noise:0.5]",
    ]
    assert not skipped


def test_a_change_spelt_in_two_ways_stands_once(tmp_path: Path) -> None:
    more = 'ablate: [-profile, -profile, -intent-translation, -translation-intent]\ncontrols: ["noise:0.5", "noise:.50"]\n'
    text = TEXT + more
    names = [each.name for each in expand(load_plan(write(tmp_path, text))) if isinstance(each, Run)]
    once = list(dict.fromkeys(names))
    assert [names.count(name) for name in once] == [names.count("MostPop")] * len(once)
    assert len(once) == 1 + 3 + 4


def test_a_listed_change_stands_where_it_is_listed(tmp_path: Path) -> None:
    more = "  - {system: 'IRLLRec[LightGCN, -intent]', hyper: {learning_rate: 0.1}}\nablate: [-intent]\n"
    found, _ = runs(tmp_path, more)
    assert list(found)[-1] == "IRLLRec[LightGCN, -intent]"
    assert found["IRLLRec[LightGCN, -intent]"].settings["learning_rate"] == 0.1


def test_a_grid_names_what_it_varies_and_shares_the_runs_it_repeats(tmp_path: Path) -> None:
    grid = "grid: {system: 'IRLLRec[LightGCN]', hyper: {learning_rate: 0.005}, over: {layers: [2, 3], n_intents: [8]}}\n"
    found, _ = runs(tmp_path, grid.replace(", n_intents: [8]", ""))
    assert list(found)[-2:] == ["IRLLRec[LightGCN] {layers=2}", "IRLLRec[LightGCN] {layers=3}"]
    plain, *grown = (found[name].identity("x") for name in list(found)[-3:])
    assert plain == grown[1] != grown[0]
    found, _ = runs(tmp_path, grid)
    assert list(found)[-1] == "IRLLRec[LightGCN] {layers=3, n_intents=8}"


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ("ablate: [-intnt]", r"line 11, ablate: no system has a term 'intnt'; did you mean 'intent'"),
        ("ablate: [intent]", r"'intent' is not an ablation; expected a term"),
        ("controls: [shufled]", r"line 11, controls: .*did you mean 'shuffled'"),
        ("controls: ['noise:2']", r"expected noise:SHARE with a share above 0, up to 1"),
        ("grid: {system: IRLLRec, over: {layer: [1]}}", r"line 11, grid.0: .*did you mean 'layers'"),
        ("grid: {system: IRLLRec, over: {layers: [1, 0]}}", r"layers is 0; expected a positive number"),
        ("grid: {system: IRLLRec, over: {layers: []}}", r"line 11, grid"),
        (
            "grid: {system: IRLLRec, hyper: {layers: 2}, over: {layers: [1, 2]}}",
            r"grid: layers is listed in `hyper` and in `over`; expected one of them",
        ),
        (
            "grid: {system: 'IRLLRec[LightGCN, -intent]', over: {intent_weight: [0.1, 0.2]}}",
            r"grid: IRLLRec\[LightGCN, -intent\] leaves out the term that intent_weight weighs",
        ),
        (
            "grid: [{system: IRLLRec, over: {layers: [1, 2]}}, {system: IRLLRec, over: {layers: [2, 3]}}]",
            r"IRLLRec\[LightGCN\] with layers=2' is listed twice; expected it once",
        ),
        ("grid: {system: IRLLRec}", r"grid.0.over: the key is missing; expected a value"),
        ("grid: {system: IRLLRec, ovr: {layers: [1]}}", r"grid.0.ovr: unknown key; did you mean 'over'"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, more: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint) as caught:
        runs(tmp_path, more + "\n")
    assert "\n" not in str(caught.value)


def test_nothing_asked_is_nothing_added(tmp_path: Path) -> None:
    plan = load_plan(write(tmp_path, TEXT))
    assert len(list(system_variants(plan))) == len(plan.systems)
