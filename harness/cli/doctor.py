"""``intentbench doctor``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from harness.cli.terminal import show_table

PACKAGES = ("torch", "recbole", "numpy", "scipy", "pandas", "duckdb", "scikit-learn")

Fact = tuple[str, str]
"""What is looked at, and what was found."""


def doctor() -> None:
    """Say what is installed, which repairs of RecBole are in force, and what the machine has."""
    show_table(("fact", "value"), [*_versions(), *_recbole(), *_machine()])


def _versions() -> Iterator[Fact]:
    yield "python", sys.version.split()[0]
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed; `make install` installs it"


def _recbole() -> Iterator[Fact]:
    try:
        import torch

        from harness.recbole_host.repairs import REPAIRS, repair

        applied = repair()
    except ImportError as error:
        yield "RecBole host", f"does not load: {error}"
        return
    for item in REPAIRS:
        state = "in force" if item.name in applied else "not needed"
        yield f"repair {item.name}", f"{state}: {item.breaks}"
    device = "cpu"
    if torch.cuda.is_available():
        free, whole = torch.cuda.mem_get_info()
        memory = f"{free / 2**30:.1f} of {whole / 2**30:.1f} GiB free"
        device = f"{torch.cuda.get_device_name()} ({memory})"
    threads, instructions = torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()
    yield "device", f"{device}, {threads} threads, instructions {instructions}"


def _machine() -> Iterator[Fact]:
    import psutil

    memory = psutil.virtual_memory()
    yield "cores", str(os.cpu_count())
    yield "memory", f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free"
