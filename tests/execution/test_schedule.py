"""A task begins as soon as the one that it needs is done, and not when all others of its kind are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.execution.schedule import Schedule
from harness.execution.task_runner import RunnerConfig, TaskRunner
from harness.planning.plan import Plan
from harness.planning.tasks import Search, Task
from tests.execution.observed import Events, Loads, three_datasets
from tests.worlds import search_record

TUNED = three_datasets(tuning={"trials": 1})


@pytest.fixture
def runner(loads: Loads, tmp_path: Path) -> Iterator[TaskRunner]:
    with RunnerConfig(tmp_path, TUNED.seed).open() as runner:
        yield runner


def schedule(runner: TaskRunner, plan: Plan = TUNED) -> Schedule:
    return Schedule(plan, runner, lambda name: True, Events())


def store(runner: TaskRunner, search: Task, **fields: Any) -> None:
    runner.store.put(runner.identity(search), search_record(**fields), None)


def test_searches_begin_and_each_frees_its_own_runs(runner: TaskRunner) -> None:
    plan = schedule(runner)
    searches = plan.begin()
    assert [type(task) for task in searches] == [Search] * 6
    assert len(plan.waiting) == 6
    store(runner, searches[1], best={"learning_rate": 0.01})
    (run,) = plan.after(searches[1])
    assert (run.name, run.dataset.name, run.settings["learning_rate"]) == ("LightGCN", "a", 0.01)
    assert len(plan.waiting) == 5
    assert plan.datasets_of([]) == {"a", "b", "c"}


def test_no_run_waits_for_a_search_that_failed(runner: TaskRunner) -> None:
    plan = schedule(runner)
    search = plan.begin()[0]
    store(runner, search, status="failed", reason="a reason")
    assert plan.after(search) == []
    assert search.dataset.name in plan.datasets_of([]), "the other system's run still needs it"
    assert len(plan.waiting) == 5


def test_what_a_stored_search_frees_begins_after_the_missing_searches(runner: TaskRunner) -> None:
    stored, *missing = schedule(runner).begin()
    store(runner, stored, best={})
    *searches, run = schedule(runner).begin()
    assert searches == missing
    assert (run.name, run.dataset) == (stored.name, stored.dataset)


def test_a_warm_start_waits_for_the_window_before(runner: TaskRunner) -> None:
    tree = three_datasets().model_dump(exclude_unset=True)
    (window, *_) = tree["datasets"]
    tree["datasets"] = [{**window, "split": {"kind": "prequential", "windows": 3}}]
    tree["systems"] = ["LightGCN", "LightGCN[start=warm]"]
    plan = schedule(runner, Plan.model_validate(tree))
    first = plan.begin()
    assert len(first) == 4, "three windows from scratch, and the first of the warm ones"
    (warm,) = [task for task in first if "warm" in task.name]
    (second,) = plan.after(warm)
    assert second.dataset.window_before == warm.dataset
    (third,) = plan.after(second)
    assert third.dataset.window_before == second.dataset
    assert plan.after(third) == plan.waiting == []
