"""Warm starts: known nodes keep their rows, a window goes on from the one before, and nothing else may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from harness.errors import InputError
from harness.planning.plan import Plan, load_plan
from harness.planning.runs import expand
from harness.planning.tasks import Run, Skipped
from harness.store.layout import WEIGHTS
from harness.store.record import RunRecord
from harness.store.store import Store
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.testing.world import random_pairs
from harness.training.warm_start import take_over, weights_of
from models.core import System
from models.graph import Graph
from tests.cli.tiny_plan import write_plan
from tests.devices import needs_fixed_order
from tests.worlds import intentbench, run_record


def system(line: str, users: int, items: int, seed: int) -> System:
    torch.manual_seed(seed)
    user, item = torch.from_numpy(random_pairs(0, users, items).T.copy())
    return assemble(parse(line), settings(parse(line), {}), Graph(user, item, users, items), None)


def test_known_nodes_take_their_rows_over_and_new_ones_keep_what_they_drew() -> None:
    first, second = system("DCCF", 3, 2, seed=0), system("DCCF", 4, 3, seed=1)
    drawn = second.backbone.user_embedding.detach().clone()
    numbers = {"users": np.array([2, 0, 1]), "items": np.array([0, 1])}
    weights = weights_of(first, numbers, {"users": np.array(["b", "a", "z"]), "items": np.array(["x", "y"])})
    tokens = {"users": np.array(["new", "a", "b", "also"]), "items": np.array(["y", "x", "n"])}
    take_over(second, {"users": np.array([3, 1, 0, 2]), "items": np.array([1, 0, 2])}, tokens, weights)
    user, before = second.backbone.user_embedding, first.backbone.user_embedding
    assert user[1].equal(before[0])  # a
    assert user[0].equal(before[2])  # b
    assert user[2:].equal(drawn[2:])
    assert second.backbone.item_embedding[:2].equal(first.backbone.item_embedding)
    assert second.backbone.user_prototypes.equal(first.backbone.user_prototypes)


def windows(folder: Path, systems: list[Any], number: int = 3, **more: Any) -> Path:
    """A plan over a log in which users come and go."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"user": np.repeat(np.arange(40), 15), "time": random.permutation(600)})
    frame["item"] = (frame["user"] + 2 * random.integers(0, 15, 600)) % 30
    frame = frame.drop_duplicates(["user", "item"])
    frame.to_csv(folder / "log.csv", index=False)
    source = {"kind": "table", "path": "log.csv", "timestamp": "time"}
    dataset = {"split": {"kind": "prequential", "windows": number}}
    return write_plan(folder, source, dataset=dataset, systems=systems, **more)


def run(plan: Path, store: Path, *words: str) -> str:
    result = intentbench("run", plan, "--store", store, *words)
    assert result.exit_code == 0, result.output
    return str(result.output)


def records(store: Path) -> dict[tuple[str, str, int], tuple[str, RunRecord]]:
    runs = Store(store).runs()
    return {(run.dataset, run.system, run.repetition): (name, run) for name, run in runs.items()}


@needs_fixed_order
def test_a_window_goes_on_from_the_one_before(tmp_path: Path) -> None:
    lines = ["LightGCN", "LightGCN[start=warm]"]
    systems = [{"system": line, "hyper": {"learning_rate": 0.02}} for line in lines]
    training = {"epochs": 30, "eval_every": 3, "metric": "recall@2"}
    plan = windows(tmp_path, systems, repetitions=1, training=training)
    run(plan, tmp_path / "store")
    found = records(tmp_path / "store")
    cold, warm = ([found[f"d@window-{w}", line, 0] for w in (1, 2, 3)] for line in lines)
    assert warm[0][1].losses == cold[0][1].losses  # the first window has none before
    assert warm[1][1].losses["bpr"][0] < cold[1][1].losses["bpr"][0]
    weights = Store(tmp_path / "store").arrays(warm[1][0], WEIGHTS)
    assert set(weights) == {"users", "items", "backbone.user_embedding", "backbone.item_embedding"}
    assert not Store(tmp_path / "store").arrays(cold[1][0], WEIGHTS)


def test_several_processes_give_the_same_table(tmp_path: Path) -> None:
    plan = windows(tmp_path, ["LightGCN[start=warm]"], number=2, repetitions=1)
    one, two = tmp_path / "one", tmp_path / "two"
    run(plan, one)
    run(plan, two, "--workers", "2")
    assert Store(one).identities() == Store(two).identities()
    for identity in Store(one).identities():
        scores = [Store(store).scores([identity], ["recall@2"])["recall@2"] for store in (one, two)]
        pd.testing.assert_frame_equal(*scores)


def test_without_a_result_before_there_is_none_after(tmp_path: Path) -> None:
    plan, store = windows(tmp_path, ["LightGCN[start=warm]"], repetitions=1), tmp_path / "store"
    run(plan, store)
    first, _ = records(store)["d@window-1", "LightGCN[start=warm]", 0]
    for window in (2, 3):
        Store(store).forget(records(store)[f"d@window-{window}", "LightGCN[start=warm]", 0][0])
    Store(store).forget(first)
    Store(store).put(first, run_record(status="failed", reason="the disk burned"), None)
    output = intentbench("run", plan, "--store", store).output
    assert "3 failed" in output
    reasons = sorted(Store(store).record(identity).reason for identity in Store(store).identities())
    assert reasons == [
        "starts from d@window-1 LightGCN[start=warm] repetition 1, which has no result",
        "starts from d@window-2 LightGCN[start=warm] repetition 1, which has no result",
        "the disk burned",
    ]


def expanded(**changes: Any) -> tuple[list[Run], list[str]]:
    tree = {
        "name": "p",
        "repetitions": 1,
        "datasets": [
            {"name": "d", "source": {"kind": "movielens"}, "split": {"kind": "prequential", "windows": 2}}
        ],
        "systems": ["LightGCN[start=warm]"],
    }
    every = list(expand(Plan.model_validate({**tree, **changes})))
    return (
        [each for each in every if isinstance(each, Run)],
        [each.reason for each in every if isinstance(each, Skipped)],
    )


def test_a_warm_start_is_another_run_for_other_pasts() -> None:
    (first, second), _ = expanded()
    assert [each.name for each in second.datasets] == ["d@window-2", "d@window-1"]
    assert second.before is not None
    assert second.before.identity("x") == first.identity("x")
    assert len({second.identity("x", "y"), second.identity("x", "z"), second.identity("x")}) == 3


@pytest.mark.parametrize(
    ("line", "dataset", "reason"),
    [
        ("LightGCN[start=warm]", {"split": {"kind": "random"}}, "not a window of time"),
        ("RLMRec-Con[LightGCN, start=warm]", {}, "other axes in every window"),
        ("LightGCN[capacity=IRLLRec, start=warm]", {}, "its width differs"),
        (
            "LightGCN[start=warm]",
            {"split": {"kind": "prequential", "window": 2}},
            "the plan lacks d@window-1",
        ),
    ],
)
def test_what_cannot_start_warm_says_why(line: str, dataset: dict[str, Any], reason: str) -> None:
    base = {"name": "d", "source": {"kind": "movielens"}, "split": {"kind": "prequential", "windows": 2}}
    _, skipped = expanded(datasets=[{**base, **dataset}], systems=[line])
    assert skipped
    assert all(reason in each for each in skipped)


def test_text_of_a_fixed_encoder_starts_warm() -> None:
    dataset = {
        "name": "d",
        "source": {"kind": "movielens"},
        "split": {"kind": "prequential", "windows": 2},
        "text": {"kind": "wordllama"},
    }
    found, skipped = expanded(datasets=[dataset], systems=["RLMRec-Con[LightGCN, start=warm]"])
    assert len(found) == 2
    assert not skipped


def test_warm_starts_are_not_tuned(tmp_path: Path) -> None:
    plan = windows(tmp_path, ["LightGCN[start=warm]"], tuning={"trials": 2})
    with pytest.raises(InputError, match="expected a plan with either `tuning` or systems with start=warm"):
        load_plan(plan)
