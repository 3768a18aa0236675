"""One training step of a system as a function that can be called repeatedly and timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import torch
from torch import nn

from harness.bench.plain import Plain
from harness.bench.world import World
from harness.errors import InputError
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.training.timing import Step, repeatable

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Environment variables by which libraries are told their number of threads."""


def our_step(line: str, world: World, chosen: dict[str, Any] | None = None) -> tuple[Step, nn.Module]:
    """Return our training step (losses, gradients, fused Adam), and the system that it trains.

    Args:
        line: The system.
        world: What it is trained on.
        chosen: Hyper-parameters that differ from the defaults.
    """
    system = our_system(line, world, chosen)
    return repeatable(system, world.batches(), fused=True), system


def our_system(line: str, world: World, chosen: dict[str, Any] | None = None) -> nn.Module:
    """Return a system on the graph of a world, with the same parameters at every call."""
    spec = parse(line)
    torch.manual_seed(0)
    text = world.text if spec.needs_text else None
    return assemble(spec, settings(spec, chosen or {}), world.graph, text)


def plain_step(line: str, world: World, system: nn.Module) -> Step:
    """Return the same step by the plainly written equations, on a copy of the system's parameters."""
    spec = parse(line)
    text = world.text if spec.needs_text else None
    names, values = (spec.backbone, spec.alignment), settings(spec, {})
    parameters = dict(system.named_parameters())
    return repeatable(Plain(names, values, parameters, world.graph, text), world.batches())


def in_process(task: str, *arguments: Any, threads: int | None = None) -> Any:
    """Run a task of ``harness.bench.__main__`` in a process of its own, and return what it measured.

    Args:
        task: The name of the task.
        arguments: What it is called with.
        threads: Threads of every library in that process. With None, each of them decides.

    Raises:
        InputError: The process failed.
    """
    command = [sys.executable, "-m", "harness.bench", task, json.dumps(arguments)]
    counts = {} if threads is None else dict.fromkeys(THREAD_VARIABLES, str(threads))
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ | counts)
    if process.returncode:
        raise InputError(
            f"measuring {arguments[0]} failed with exit code {process.returncode}; the lines above say why"
        )
    return json.loads(process.stdout.splitlines()[-1])
