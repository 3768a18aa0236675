"""``python -m harness.bench TASK ARGUMENTS`` makes one measurement and prints it as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import torch

from harness.bench.end_to_end import report_plan, run_plan, write_table
from harness.bench.evaluations import our_evaluation
from harness.bench.peers import row_of
from harness.bench.rows import EVALUATION, rows_of
from harness.bench.steps import our_step
from harness.bench.whole_run import whole_run
from harness.bench.world import amazon_book, random_world
from harness.training.memory import keep_freed_memory, peak_resident_bytes
from harness.training.timing import compare
from models.products import product


def step(line: str, chosen: dict[str, Any], scale: int, repeats: int) -> dict[str, float]:
    """Return the median seconds of a step and this process's peak memory.

    ``scale`` is the size of a random graph in multiples of Amazon-book; 0 stands for Amazon-book itself.
    """
    if scale:
        keep_freed_memory()
    world = random_world(scale, held_out=0) if scale else amazon_book()
    if line == EVALUATION:
        user, item = torch.randn(world.users, 32), torch.randn(world.items, 32)
        work = our_evaluation(world, lambda block: product(user[block], item))
    else:
        work, _ = our_step(line, world, chosen)
    return {"seconds": compare([work], repeats, warm=2)[0], "peak_bytes": peak_resident_bytes()}


TASKS: dict[str, Callable[..., Any]] = {
    "step": step,
    "rows": rows_of,
    "run": whole_run,
    "peer": row_of,
    "write-table": write_table,
    "run-plan": run_plan,
    "report-plan": report_plan,
}

if __name__ == "__main__":
    task, arguments = sys.argv[1:]
    print(json.dumps(TASKS[task](*json.loads(arguments))))
