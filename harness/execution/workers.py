"""How many processes share the tasks on this machine, unless the user says how many."""

from __future__ import annotations

import os
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
        gpus: The number of GPUs.
        free_bytes: The memory that is free.
    """

    cores: int
    gpus: int
    free_bytes: int

    @property
    def most_workers(self) -> int:
        """One process for each GPU or, without GPUs, for each core."""
        return self.gpus or self.cores


def this_machine() -> Machine:
    """The machine that this process runs on, as it is now."""
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        cores = min(cores, len(os.sched_getaffinity(0)))
    return Machine(cores, torch.cuda.device_count(), psutil.virtual_memory().available)


def worker_count(machine: Machine, tasks: int, largest_bytes: float) -> int:
    """The number of processes that share the tasks. With 1, no further process is needed.

    There are at most ``machine.most_workers``, never more than tasks, and never more than fit into the free
    memory while each of them does the largest task.

    Args:
        machine: The machine.
        tasks: The number of missing tasks.
        largest_bytes: The estimated peak memory of the largest of them.
    """
    if tasks < 2:
        return 1
    in_memory = int(machine.free_bytes // largest_bytes)
    return max(1, min(machine.most_workers, tasks, in_memory))


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
