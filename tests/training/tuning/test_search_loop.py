"""Equal budgets on validation pairs alone; a search that was cut off ends as if it had not been."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import optuna
import pytest

from harness.errors import Interrupted, RunFailed
from harness.execution import task_runner
from harness.planning.plan import Plan
from harness.planning.searches import planned, searches
from harness.planning.tasks import Run, Search
from harness.store.columns import COSTS
from harness.store.store import Store
from harness.testing.conformance import make_run
from harness.testing.world import checkerboard, parity_text
from harness.training.loop import Callbacks
from harness.training.prepared_data import PreparedData, prepared
from harness.training.run import train
from harness.training.tuning import search_loop
from harness.training.tuning.search_loop import SearchContext, tune
from harness.training.tuning.trial_storage import open_storage
from tests.devices import needs_fixed_order
from tests.worlds import search_record

SPLIT = {"kind": "given"}
PLAN = {
    "name": "small",
    "repetitions": 2,
    "datasets": [{"name": "checkerboard", "source": {"kind": "movielens"}}],
    "systems": ["MostPop", "ItemKNN", "LightGCN", "SimGCL", "SimGCL[-contrast]"],
    "training": {"batch_size": 128, "epochs": 6, "eval_every": 1, "metric": "recall@5"},
    "tuning": {"trials": 6, "epochs": 4},
    "evaluation": {"k": [5], "show": ["recall@5"]},
}


STORAGES = ExitStack()
"""Journals need no closing; a database would."""


@pytest.fixture(scope="module")
def board() -> Iterator[PreparedData]:
    with prepared(checkerboard(), None) as made:
        yield made


def search(name: str, **tuning: Any) -> Search:
    plan = Plan.model_validate({**PLAN, "systems": [name], "tuning": {**PLAN["tuning"], **tuning}})  # type: ignore[dict-item]
    return next(search for _, search in searches(plan))


def context(folder: Path, callbacks: Callbacks | None = None) -> SearchContext:
    storage = STORAGES.enter_context(open_storage(None, folder / "search.journal"))
    return SearchContext(storage, "search", "", Store(folder), callbacks or Callbacks())


def test_the_released_defaults_are_the_first_trial_and_the_budget_is_kept(
    board: PreparedData, tmp_path: Path
) -> None:
    wanted = search("LightGCN")
    record, trials = tune(wanted, board.for_tuning(), context(tmp_path))
    assert record["budget"] == len(trials) == sum(record["trials"].values()) == 6
    first = trials.iloc[0]
    assert {name: first[name] for name in wanted.space} == {
        name: wanted.settings[name] for name in wanted.space
    }
    assert trials["epochs"].max() <= 4
    assert record["epochs"] == trials["epochs"].sum()
    finished = trials[trials["state"] == "complete"]
    assert record["valid"] == finished["score"].max()
    assert record["valid_before"] == first["score"]
    best = trials.iloc[record["best_trial"]]
    assert record["best"] == {name: best[name] for name in wanted.space}


def test_every_sampler_is_seeded(board: PreparedData, tmp_path: Path) -> None:
    values = {"learning_rate": (1e-3, 1e-2), "layers": (1, 2), "l2_weight": (1e-6,), "edge_keep": (1.0,)}
    cases: list[dict[str, Any]] = [
        {"sampler": "tpe"},
        {"sampler": "random"},
        {"sampler": "grid", "space": values},
    ]
    for number, case in enumerate(cases):
        wanted = search("LightGCN", epochs=1, **case)
        frames = [
            tune(wanted, board.for_tuning(), context(tmp_path / f"{number}-{attempt}"))[1]
            for attempt in range(2)
        ]
        names = ["trial", "state", "score", "epochs", *wanted.space]
        assert frames[0][names].equals(frames[1][names]), case
    assert len(frames[0]) == wanted.trials == 4
    assert len(frames[0][["learning_rate", "layers"]].drop_duplicates()) == 4


def test_a_search_that_was_cut_off_ends_as_if_it_had_not_been(board: PreparedData, tmp_path: Path) -> None:
    wanted = search("SimGCL")
    _, whole = tune(wanted, board.for_tuning(), context(tmp_path / "whole"))
    asked = iter(range(1000))
    pauses = 0
    while True:
        number = next(asked)
        polls = iter(range(1000))
        callbacks = Callbacks(should_stop=lambda polls=polls: next(polls) > 2)  # type: ignore[misc]
        try:
            _, pieces = tune(wanted, board.for_tuning(), context(tmp_path / "pieces", callbacks))
            break
        except Interrupted:
            pauses += 1
        assert number < 100
    assert pauses >= 6
    costs = list(COSTS)
    assert whole.drop(columns=costs).equals(pieces.drop(columns=costs))


def test_a_trial_of_a_dead_process_is_done_again(board: PreparedData, tmp_path: Path) -> None:
    wanted = search("LightGCN")
    _, whole = tune(wanted, board.for_tuning(), context(tmp_path / "whole"))

    def die(epoch: int, score: float | None) -> None:
        if epoch == 3:
            raise KeyboardInterrupt  # nobody tells Optuna

    with pytest.raises(KeyboardInterrupt):
        tune(wanted, board.for_tuning(), context(tmp_path / "torn", Callbacks(on_progress=die)))
    journal = tmp_path / "torn" / "search.journal"
    with open_storage(None, journal) as storage:
        optuna.load_study(study_name="search", storage=storage).ask()  # as a killed process leaves it
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    (tmp_path / "torn" / "search.journal.lock").symlink_to(journal)
    _, torn = tune(wanted, board.for_tuning(), context(tmp_path / "torn"))
    assert torn.drop(columns=list(COSTS)).equals(whole.drop(columns=list(COSTS)))


def test_nothing_under_tuning_can_reach_the_test_pairs(board: PreparedData, tmp_path: Path) -> None:
    """By name it raises; and no chain of references leads from what a search is given to the pairs."""
    sealed = board.for_tuning()
    assert not hasattr(sealed.dataset, "test")
    with pytest.raises(LookupError, match="no 'test' pairs here"):
        sealed.dataset.pairs("test")
    with pytest.raises(KeyError):
        sealed.matrices["test"]
    with pytest.raises(KeyError):
        train(make_run("ItemKNN"), sealed)
    forbidden = {
        id(board.dataset),
        id(board.dataset.pairs("test")),
        id(board.matrices),
        id(board.matrices["test"]),
    }
    assert not forbidden & reachable(sealed, search("LightGCN"), context(tmp_path))
    assert id(board.dataset.pairs("test")) in reachable(board)


def test_the_task_runner_hands_tuning_nothing_that_leads_to_test_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[object] = []

    def record_arguments(*arguments: object) -> None:
        handed_over.extend(arguments)
        raise RunFailed("this test needs no result")

    monkeypatch.setattr(task_runner, "load", lambda *arguments: (checkerboard(), None))
    monkeypatch.setattr(search_loop, "tune", record_arguments)
    wanted = search("LightGCN")
    with task_runner.RunnerConfig(tmp_path, seed=0).open() as runner:
        runner.run(wanted, lambda epoch, score: None, lambda: False)
        test_pairs = runner.data(wanted.dataset).dataset.pairs("test")
        assert any(isinstance(argument, PreparedData) for argument in handed_over)
        test_pairs_are_reachable = id(test_pairs) in reachable(*handed_over)
        assert not test_pairs_are_reachable


def test_reachable_follows_every_way_to_hold_an_object() -> None:
    secret, array = ["secret"], np.arange(6)

    class Holder:
        def method(self) -> object:
            return self

        def __call__(self) -> None: ...

    holder = Holder()
    holder.secret = secret  # type: ignore[attr-defined]

    def default(value: object = secret, *, named: object = secret) -> None: ...

    for root in (
        lambda: secret,
        default,
        holder,
        holder.method,
        partial(len, secret),
        partial(print, end=secret),
    ):
        assert id(secret) in reachable(root), root
    assert id(secret) in reachable([{"key": (holder.method,)}])
    assert id(array) in reachable(array[2:])
    assert id(checkerboard) not in reachable(lambda: checkerboard())  # a global of this module


def reachable(*roots: object) -> set[int]:
    """The ids of all objects that ``roots`` lead to.

    Followed are attributes, items, closures, default arguments, bound methods, partials and the arrays
    that numpy's views look into. Not followed are types, modules and the globals of functions: these are
    the code itself, which any other code can import.
    """
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, type | ModuleType):
            continue
        seen.add(id(found))
        if isinstance(found, FunctionType):
            waiting += [found.__closure__, found.__defaults__, found.__kwdefaults__, found.__dict__]
        elif isinstance(found, np.ndarray):
            waiting.append(found.base)
        else:
            waiting += gc.get_referents(found)
    return seen


def test_changed_test_pairs_change_no_trial(board: PreparedData, tmp_path: Path) -> None:
    other = replace(checkerboard(), test=np.array([[0, 0]]))
    with prepared(other, None) as changed:
        frames = [
            tune(search("LightGCN"), each.for_tuning(), context(tmp_path / str(number)))[1]
            for number, each in enumerate((board, changed))
        ]
    assert frames[0].drop(columns=list(COSTS)).equals(frames[1].drop(columns=list(COSTS)))


@needs_fixed_order
def test_hopeless_trials_are_pruned(board: PreparedData, tmp_path: Path) -> None:
    space = {
        "learning_rate": (3e-2, 1e-7),
        "layers": (1,),
        "l2_weight": (1e-6,),
        "edge_keep": (0.9, 1.0, 0.8, 0.7, 0.6),
    }
    wanted = search("LightGCN", trials=10, epochs=30, sampler="grid", space=space)
    wanted = replace(wanted, training=wanted.training.model_copy(update={"patience": 30}))
    record, trials = tune(wanted, board.for_tuning(), context(tmp_path))
    pruned = trials[trials["state"] == "pruned"]
    assert record["trials"]["pruned"] == len(pruned) > 0
    assert pruned["epochs"].max() < 30
    assert set(pruned["learning_rate"]) == {1e-7}
    assert record["best"]["learning_rate"] == 3e-2


def test_a_failed_trial_is_spent_and_told(board: PreparedData, tmp_path: Path) -> None:
    space = {"learning_rate": (1e-3, 1e9), "layers": (1,), "l2_weight": (1e-6,), "edge_keep": (1.0,)}
    record, trials = tune(
        search("LightGCN", sampler="grid", space=space), board.for_tuning(), context(tmp_path)
    )
    assert record["trials"] == {"complete": 1, "pruned": 0, "fail": 1}
    assert "the term" in trials.loc[trials["state"] == "fail", "reason"].item()
    space["learning_rate"] = (1e9,)
    with pytest.raises(RunFailed, match="none of 1 trials finished"):
        tune(search("LightGCN", sampler="grid", space=space), board.for_tuning(), context(tmp_path / "none"))


def test_hours_end_a_search(board: PreparedData, tmp_path: Path) -> None:
    record, trials = tune(search("LightGCN", hours=1e-9), board.for_tuning(), context(tmp_path))
    assert len(trials) == 1
    assert record["budget"] == 6


def test_a_system_with_nothing_to_tune_has_one_trial(board: PreparedData, tmp_path: Path) -> None:
    record, trials = tune(search("MostPop"), board.for_tuning(), context(tmp_path))
    assert (record["budget"], len(trials), record["best"]) == (1, 1, {})


def test_a_ridge_is_drawn_with_what_is_added_to_it_and_kept_without(tmp_path: Path) -> None:
    dataset = checkerboard()
    with prepared(dataset, parity_text(dataset)) as board:
        wanted = search("L3AE")
        record, trials = tune(wanted, board.for_tuning(), context(tmp_path))
    sums = trials["ridge"] + trials["distillation"]
    assert sums.between(10, 1000).all()
    assert sums.iloc[0] == wanted.settings["ridge"] + wanted.settings["distillation"]
    best = trials.iloc[record["best_trial"]]
    assert record["best"] == {name: best[name] for name in wanted.space}


def test_runs_take_the_best_values_and_their_own_ablations() -> None:
    own = Plan.model_validate(PLAN)
    full = Plan.model_validate({**PLAN, "tuning": {"trials": 6, "ablations": "full"}})
    best = {"contrast_weight": 0.7, "layers": 1}
    for plan, named in ((own, "SimGCL[-contrast]"), (full, "SimGCL")):
        pairs = {run.system.name: search for run, search in searches(plan)}
        assert pairs["SimGCL[-contrast]"].system.name == named
        runs = [run for run in planned(plan, lambda search: search_record(best=best)) if isinstance(run, Run)]
        assert len(runs) == 10
        ablated = next(run for run in runs if run.system.name == "SimGCL[-contrast]")
        assert (ablated.settings["contrast_weight"], ablated.settings["layers"]) == (0.0, 1)


def test_trials_have_seeds_that_no_run_has() -> None:
    plan = Plan.model_validate({**PLAN, "repetitions": 50})
    seeds = {run.seed("init") for run, _ in searches(plan)}
    assert search("LightGCN").trial({}).seed("init") not in seeds


def test_a_budget_is_part_of_the_studys_identity() -> None:
    first, second = search("LightGCN"), search("LightGCN", trials=7)
    assert first.identity("x") != second.identity("x")
    assert first.identity("x") != first.identity("y")
