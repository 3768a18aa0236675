"""Datasets that one entry of a plan stands for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.data.prepare import prepare
from harness.data.spec import Movielens, SplitSpec
from harness.errors import InputError
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import Plan, load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run, Skipped
from harness.training.loading import load
from tests.planning.test_plan import GOOD, write


def plan(folder: Path, more: str) -> Plan:
    return load_plan(
        write(folder, GOOD.replace("{kind: movielens}", "{kind: movielens, core: 30}\n    " + more))
    )


def test_a_density_is_a_dataset_and_the_whole_one_keeps_its_name(tmp_path: Path) -> None:
    wanted = plan(tmp_path, "density: [1.0, 0.8, 0.125]\n    twins: [kept, merged]")
    names = ["ml", "ml@80%", "ml@12.5%", "ml@merged", "ml@merged,80%", "ml@merged,12.5%"]
    assert [dataset.name for dataset in wanted.variants] == names
    assert {dataset.family for dataset in wanted.variants} == {"ml"}


def test_the_whole_dataset_shares_its_runs_with_a_plan_without_densities(tmp_path: Path) -> None:
    first, *_ = expand(plan(tmp_path, "density: [1.0, 0.5]"))
    plain, *_ = expand(plan(tmp_path, "split: {kind: random}"))
    assert isinstance(first, Run)
    assert isinstance(plain, Run)
    assert first.identity("x") == plain.identity("x")
    assert first.seed("init") == plain.seed("init")


def test_samples_are_nested_through_a_plan(tmp_path: Path) -> None:
    wanted = plan(tmp_path, "density: [1.0, 0.6, 0.2]")
    loaded = [load(dataset, wanted.seed, None)[0] for dataset in wanted.variants]
    pairs = [{tuple(pair) for pair in dataset.train} for dataset in loaded]
    assert pairs[0] > pairs[1] > pairs[2]
    for dataset in loaded[1:]:
        np.testing.assert_array_equal(dataset.test, loaded[0].test)
        np.testing.assert_array_equal(dataset.valid, loaded[0].valid)


def test_windows_are_datasets(tmp_path: Path) -> None:
    wanted = plan(tmp_path, "split: {kind: prequential, windows: 3}")
    assert [dataset.name for dataset in wanted.variants] == ["ml@window-1", "ml@window-2", "ml@window-3"]
    assert [dataset.split.window for dataset in wanted.variants] == [1, 2, 3]
    assert len(plan(tmp_path, "split: {kind: prequential, windows: 3, window: 2}").variants) == 1


@pytest.mark.parametrize("side", ["users", "items"])
def test_whole_users_or_items_are_held_out(side: str) -> None:
    split = SplitSpec.model_validate({"kind": f"cold_{side}"})
    dataset = prepare("m", Movielens(kind="movielens", core=20), split, 0)
    column = ("users", "items").index(side)
    sets = [set(pairs[:, column]) for pairs in (dataset.train, dataset.valid, dataset.test)]
    assert sum(map(len, sets)) == len(set.union(*sets)), "nobody is in two of them"
    assert [len(part) for part in sets] == pytest.approx(
        [share * len(getattr(dataset, side)) for share in (0.6, 0.2, 0.2)], abs=1
    )


def test_systems_that_cannot_rank_the_cold_are_skipped_with_the_reason(tmp_path: Path) -> None:
    lines = GOOD.replace(
        "  - MostPop", "  - MostPop\n  - AlphaRec\n  - 'AlphaRec[text=random]'\n  - RLMRec-Con[AlphaRec]"
    )
    ran = {}
    for side in ("users", "items"):
        text = lines.replace("{kind: movielens}", f"{{kind: movielens}}\n    split: {{kind: cold_{side}}}")
        every = list(expand(load_plan(write(tmp_path, text))))
        ran[side] = sorted({each.name for each in every if isinstance(each, Run)})
        reasons = {each.reason for each in every if isinstance(each, Skipped)}
        assert reasons == {f"cannot rank {side} that it was not trained with"}
    assert ran == {"users": ["MostPop"], "items": ["AlphaRec", "AlphaRec[text=random]"]}


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ("density: [0.5, 0.5]", r"line 6, datasets.0.density: '50%' is listed twice"),
        ("density: [0.5, 1.5]", r"line 6, datasets.0.density.1: .*\(found 1.5\)"),
        ("density: 0", r"datasets.0.density.0: .*greater than 0"),
        ("twins: merge", r"datasets.0.twins.0: .*'kept' or 'merged'"),
        ("split: {windows: 3}", r"windows are of the kind prequential; the split is random"),
        ("split: {kind: prequential, windows: 3, window: 4}", r"window 4 of 3; expected at most 3"),
        ("density: 0.5\n    text: {kind: precomputed, user_profile: a.npy, item_profile: b.npy}", r"users' texts are given"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, more: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint) as caught:
        plan(tmp_path, more)
    assert "\n" not in str(caught.value)


def test_written_user_texts_and_thinning_exclude_each_other(tmp_path: Path) -> None:
    files = "profiles: {users: {path: u.jsonl, id: uid}, items: {path: i.jsonl, id: iid}}"
    text = GOOD.replace("{kind: movielens}", f"{{kind: movielens, {files}}}\n    density: 0.5")
    with pytest.raises(InputError, match="expected profiles of items alone"):
        load_plan(write(tmp_path, text))
    assert load_plan(write(tmp_path, text.replace("users: {path: u.jsonl, id: uid}, ", "")))


def test_several_splits_are_datasets_of_their_own_with_seeds_of_their_own(tmp_path: Path) -> None:
    wanted = plan(tmp_path, "splits: 3")
    assert [dataset.name for dataset in wanted.variants] == ["ml@split-1", "ml@split-2", "ml@split-3"]
    assert {dataset.whole.name for dataset in wanted.variants} == {"ml"}
    one, two = (load(dataset, wanted.seed, None)[0] for dataset in wanted.variants[:2])
    assert one.users.tolist() == two.users.tolist()
    assert not np.array_equal(one.test, two.test)
    first = [run for run in expand(wanted) if isinstance(run, Run) and run.repetition == 0]
    assert len({run.seed("init") for run in first}) == 3
    assert len({run.identity("x") for run in first}) == len(first)
    stored = wanted.variants[1].stored()
    assert DatasetVariant.from_stored(stored, "ml") == wanted.variants[1]


def test_one_split_is_what_it_was_without_the_key(tmp_path: Path) -> None:
    one, without = plan(tmp_path, "splits: 1").variants[0], plan(tmp_path, "density: 1.0").variants[0]
    assert one.key(1) == without.key(1)
    assert "draw" not in one.stored()


def test_a_split_that_is_always_the_same_cannot_be_drawn_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"splits: 2, and a split of the kind temporal is always the same"):
        plan(tmp_path, "splits: 2\n    split: {kind: temporal}")


@pytest.mark.parametrize(
    "change", [{"twins": None}, {"twins": []}, {"split": {"kind": "none"}}, {"x": 1}, {"density": []}]
)
def test_a_stored_form_that_no_version_wrote_is_refused(change: dict[str, object]) -> None:
    stored = DatasetVariant.model_validate({"family": "d", "source": {"kind": "movielens"}}).stored()
    assert DatasetVariant.from_stored(stored, "d").stored() == stored
    with pytest.raises(
        InputError, match="the run is stored with a plan of the dataset 'd' that cannot be read"
    ):
        DatasetVariant.from_stored({**stored, **change}, "d")
