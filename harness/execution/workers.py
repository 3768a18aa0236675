"""How many processes share the tasks on this machine, unless the user says how many."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import psutil
import torch

from harness.execution.task_runner import TaskRunner
from harness.planning.tasks import Search, Task
from harness.training.memory import MEMORY_GROWS_WITH, needed_bytes


class Machine(NamedTuple):
    """What this machine can give to processes.

    Attributes:
        cores: The number of physical cores, or of the cores that this process may use if these are fewer.
        card_bytes: The memory of each GPU.
        free_bytes: The memory that is free.
    """

    cores: int
    card_bytes: tuple[int, ...]
    free_bytes: int

    @property
    def most_workers(self) -> int:
        """One process for each GPU or, without GPUs, for each core."""
        return len(self.card_bytes) or self.cores


def this_machine() -> Machine:
    """The machine that this process runs on, as it is now."""
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        cores = min(cores, len(os.sched_getaffinity(0)))
    cards = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    return Machine(cores, tuple(card.total_memory for card in cards), psutil.virtual_memory().available)


def worker_count(machine: Machine, tasks: int, largest_bytes: float, asked: int | None = None) -> int:
    """The number of processes that share the tasks. With 1, no further process is needed.

    It is the number that the user ``asked`` for. Without one there are at most ``machine.most_workers``,
    never more than tasks, and never more than fit into the free memory while each of them does the largest
    task. In both cases several share a GPU only if its memory holds the largest task of each.

    Args:
        machine: The machine.
        tasks: The number of missing tasks.
        largest_bytes: The estimated peak memory of the largest of them.
        asked: The number that the user asks for, if any.
    """
    if tasks < 2:
        return asked or 1
    on_cards = sum(int(memory // largest_bytes) for memory in machine.card_bytes)
    most = on_cards if machine.card_bytes else sys.maxsize
    if asked is None:
        asked = min(machine.most_workers, tasks, int(machine.free_bytes // largest_bytes))
    return max(1, min(asked, most))


def largest_task_bytes(tasks: Iterable[Task], task_runner: TaskRunner) -> float:
    """The estimated peak memory of the largest task, in bytes. A search counts with its largest values."""
    return max(
        needed_bytes(task.system, _largest_values(task), task_runner.facts_of(task.dataset).sizes)
        for task in tasks
    )


def _largest_values(task: Task) -> Mapping[str, Any]:
    space = task.space if isinstance(task, Search) else {}
    sizes = {name: space[name] for name in MEMORY_GROWS_WITH if name in space}
    largest = {name: max(domain.choices, default=domain.high) for name, domain in sizes.items()}
    return {**task.settings, **largest}
