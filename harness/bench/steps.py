"""One training step of a system as something that can be repeated and timed."""

from __future__ import annotations

import json
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


def our_step(line: str, world: World, chosen: dict[str, Any] | None = None) -> tuple[Step, nn.Module]:
    """A step of ours: losses, gradients, fused Adam. Also gives the system, so that others can copy it."""
    spec = parse(line)
    torch.manual_seed(0)
    text = world.text if spec.needs_text else None
    system = assemble(spec, settings(spec, chosen or {}), world.graph, text)
    return repeatable(system, world.batches(), fused=True), system


def plain_step(line: str, world: World, system: nn.Module) -> Step:
    """The same step from the plainly written equations, on a copy of the system's parameters."""
    spec = parse(line)
    text = world.text if spec.needs_text else None
    names, values = (spec.backbone, spec.alignment), settings(spec, {})
    parameters = dict(system.named_parameters())
    return repeatable(Plain(names, values, parameters, world.graph, text), world.batches())


def in_process(task: str, *arguments: Any) -> Any:
    """The answer of a task of ``harness.bench.__main__`` in a fresh process."""
    command = [sys.executable, "-m", "harness.bench", task, json.dumps(arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise InputError(f"measuring {arguments[0]}: the process ended with code {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])
