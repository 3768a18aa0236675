"""The queue hands tasks out in order, and a task that another process holds keeps nobody from the others."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest

from harness.errors import Interrupted
from harness.execution import backends
from harness.execution.backends import InThisProcess, Result, do_tasks
from harness.execution.task_queue import POLL_S, TaskQueue
from harness.planning.datasets import DatasetVariant
from harness.planning.tasks import Task
from harness.store.record import Record
from harness.testing.conformance import make_run
from tests.execution.observed import Events
from tests.worlds import run_record

TASKS = [make_run("LightGCN", repetition=number) for number in range(4)]


class Sequel:
    """A schedule: what each task makes possible, and datasets that other tasks need."""

    def __init__(self, after: dict[Task, list[Task]] | None = None, needed: Set[str] = frozenset()) -> None:
        self.later, self.needed = after or {}, needed

    def after(self, task: Task) -> list[Task]:
        return self.later.pop(task, [])

    def datasets_of(self, tasks: list[Task]) -> set[str]:
        waiting = [task for later in self.later.values() for task in later]
        return {task.dataset.name for task in [*tasks, *waiting]} | self.needed


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


def test_tasks_are_handed_out_in_order_and_leave_when_they_are_done() -> None:
    queue = TaskQueue(TASKS)
    assert [queue.take() for _ in TASKS] == TASKS
    assert queue.take() is None
    queue.finish(TASKS[2])
    assert queue.unfinished == [TASKS[0], TASKS[1], TASKS[3]]
    for task in (TASKS[0], TASKS[1], TASKS[3]):
        queue.finish(task)
    assert not queue.unfinished


def test_a_task_held_elsewhere_waits_at_the_end_while_the_others_go_on() -> None:
    clock = Clock()
    queue = TaskQueue(TASKS[:3], clock)
    first = queue.take()
    assert first is not None
    queue.postpone(first)
    assert [queue.take(), queue.take(), queue.take()] == [TASKS[1], TASKS[2], None]
    clock.move(POLL_S - 0.01)
    assert queue.take() is None
    clock.move(0.02)
    assert queue.take() == first
    assert queue.take() is None
    assert len(queue.unfinished) == 3


def test_new_tasks_go_before_those_that_must_be_left_alone() -> None:
    clock = Clock()
    queue = TaskQueue(TASKS[:2], clock)
    first, second = queue.take(), queue.take()
    assert first is not None
    queue.postpone(first)
    queue.add(TASKS[2:])
    assert [queue.take(), queue.take(), queue.take()] == [*TASKS[2:], None]
    assert queue.unfinished == [first, second, *TASKS[2:]]


class Rooms:
    """A backend with several rooms. A task takes a second; one that another process holds takes no time."""

    interruption = "Saved."

    def __init__(self, rooms: int, clock: Clock, held_until: dict[Task, float]) -> None:
        self.rooms, self.clock, self.held_until = rooms, clock, held_until
        self.under_way: list[tuple[float, Task, Record | None]] = []
        self.attempts: list[tuple[float, Task]] = []
        self.released: list[str] = []

    def has_room(self) -> bool:
        return len(self.under_way) < self.rooms

    def start(self, task: Task) -> None:
        now = self.clock.now
        self.attempts.append((now, task))
        is_held = now < self.held_until.get(task, 0.0)
        self.under_way.append((now, task, None) if is_held else (now + 1, task, run_record()))

    def collect(self, timeout_s: float) -> list[Result]:
        next_end = min((end for end, _, _ in self.under_way), default=self.clock.now + timeout_s)
        self.clock.now = min(next_end, self.clock.now + timeout_s)
        ended = [entry for entry in self.under_way if entry[0] <= self.clock.now]
        self.under_way = [entry for entry in self.under_way if entry[0] > self.clock.now]
        return [(task, record) for _, task, record in ended]

    def release(self, dataset: DatasetVariant) -> None:
        self.released.append(dataset.name)

    def interrupt(self) -> list[Result]:
        return [(task, record) for _, task, record in self.under_way]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(backends, "TaskQueue", partial(TaskQueue, clock=clock))
    return clock


@pytest.mark.parametrize("rooms", [1, 2, 10])
def test_what_another_process_holds_costs_no_time_while_others_can_go_on(rooms: int, clock: Clock) -> None:
    backend, events = Rooms(rooms, clock, {TASKS[0]: clock.now + 3.2}), Events()
    do_tasks(TASKS, Sequel(), backend, events, lambda: False)
    assert sorted(events.ended_tasks, key=TASKS.index) == TASKS
    assert events.ended_tasks[-1] == TASKS[0]
    alone = -(-3 // rooms)
    assert clock.now - 100 <= max(alone, 3.2) + POLL_S + 1
    tried = [at for at, task in backend.attempts if task == TASKS[0]]
    assert len(tried) <= 3.2 / POLL_S + 2
    assert all(later - earlier >= POLL_S for earlier, later in pairwise(tried))


def test_an_interruption_tells_what_was_done_by_then_and_says_what_is_saved(clock: Clock) -> None:
    backend, events = Rooms(2, clock, {}), Events()
    with pytest.raises(Interrupted, match=r"Saved\."):
        do_tasks(TASKS, Sequel(), backend, events, lambda: len(backend.attempts) == 4)
    assert events.ended_tasks == TASKS


def test_a_dataset_is_released_after_the_last_task_that_needs_it(clock: Clock) -> None:
    def on(family: str) -> Task:
        return replace(TASKS[0], dataset=TASKS[0].dataset.model_copy(update={"family": family}))

    backend, events = Rooms(1, clock, {on("a"): clock.now + 1}), Events()
    tasks = [on("a"), on("b"), on("later"), on("c")]
    do_tasks(tasks, Sequel(needed={"later"}), backend, events, lambda: False)
    assert [task.dataset.name for task in events.ended_tasks] == ["b", "later", "c", "a"]
    assert backend.released == ["b", "c", "a"]


class Runner:
    """A task runner that does tasks at once; those of ``held`` are held by another process once each."""

    def __init__(self, held: list[Task]) -> None:
        self.held, self.order = list(held), list[Task]()

    def run(self, task: Task, on_progress: object, should_stop: object) -> Record | None:
        self.order.append(task)
        if task in self.held:
            self.held.remove(task)
            return None
        return run_record()

    def release(self, dataset: DatasetVariant) -> None: ...


def test_this_process_goes_on_with_the_next_task_and_sleeps_only_when_none_is_left(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends.time, "sleep", clock.move)
    runner, events = Runner(held=[TASKS[1]]), Events()
    backend = InThisProcess(runner, events, lambda: False)  # type: ignore[arg-type]
    do_tasks(TASKS, Sequel(), backend, events, lambda: False)
    assert runner.order == [*TASKS, TASKS[1]]
    assert clock.now == 100 + POLL_S


def test_what_waited_begins_as_soon_as_its_own_task_is_done(clock: Clock) -> None:
    """The second task is a long one. What waits for the first does not wait for it."""
    backend, events = Rooms(2, clock, {TASKS[1]: clock.now + 20}), Events()
    do_tasks(TASKS[:2], Sequel({TASKS[0]: TASKS[2:]}), backend, events, lambda: False)
    assert events.ended_tasks == [TASKS[0], *TASKS[2:], TASKS[1]]
