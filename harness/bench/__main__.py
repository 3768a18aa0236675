"""``python -m harness.bench SYSTEM HYPER SCALE REPEATS``: a few steps in a process of their own."""

from __future__ import annotations

import json
import sys

import torch

from harness.bench.growth import measure
from harness.bench.rows import EVALUATION, our_evaluation
from harness.bench.steps import compare
from harness.bench.world import amazon_book, drawn
from harness.memory import keep_freed_memory, peak_resident_bytes
from models.products import product


def main(line: str, chosen: str, scale: str, repeats: str) -> None:
    """Print {"seconds": of a step, "peak_bytes": of this process}; scale 0 is Amazon-book itself."""
    if int(scale):
        keep_freed_memory()
    world = drawn(int(scale), held_out=0) if int(scale) else amazon_book()
    if line == EVALUATION:
        user, item = torch.randn(world.users, 32), torch.randn(world.items, 32)
        seconds = compare([our_evaluation(world, lambda block: product(user[block], item))], int(repeats))[0]
    else:
        seconds = measure(line, json.loads(chosen), world, int(repeats))
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_resident_bytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
