"""The comparisons of ``intentbench bench --peers``, each with another library."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple

import torch

from harness.bench import evaluations
from harness.bench.fits import beside_irspack, beside_recbole
from harness.bench.peer_steps import epoch_beside_cornac, step_beside_recbole
from harness.bench.sides import Sides
from harness.bench.steps import in_process
from harness.bench.world import World, amazon_book
from harness.errors import InputError, did_you_mean
from harness.store.temporary import temporary_folder
from harness.training.timing import compare

THREADS = min(2, os.cpu_count() or 1)
"""Threads of both sides."""


class Comparison(NamedTuple):
    """Our way of some work and another library's.

    Attributes:
        work: The work.
        library: The other library.
        sides: Makes both sides from a world, a number of threads and an empty folder, and compares what they
            compute.
        packages: The packages that the other side imports.
    """

    work: str
    library: str
    sides: Callable[[World, int, Path], Sides]
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.work} beside {self.library}"


COMPARISONS: Mapping[str, Comparison] = {
    comparison.name: comparison
    for comparison in (
        Comparison("evaluation", "RecBole", evaluations.recbole, ("recbole",)),
        Comparison("evaluation", "irspack", evaluations.irspack, ("irspack",)),
        Comparison("evaluation", "implicit", evaluations.implicit, ("implicit",)),
        Comparison("evaluation", "ranx", evaluations.ranx, ("ranx",)),
        Comparison("ItemKNN", "RecBole", beside_recbole("ItemKNN"), ("recbole",)),
        Comparison("ItemKNN", "irspack", beside_irspack("ItemKNN"), ("irspack",)),
        Comparison("UserKNN", "RecBole", beside_recbole("UserKNN"), ("recbole",)),
        Comparison("UserKNN", "irspack", beside_irspack("UserKNN"), ("irspack",)),
        Comparison("RP3beta", "irspack", beside_irspack("RP3beta"), ("irspack",)),
        Comparison("EASE^R", "RecBole", beside_recbole("EASE^R"), ("recbole",)),
        Comparison("EASE^R", "irspack", beside_irspack("EASE^R"), ("irspack",)),
        Comparison("LightGCN step", "RecBole", step_beside_recbole, ("recbole",)),
        Comparison("LightGCN epoch", "Cornac", epoch_beside_cornac, ("cornac", "dgl")),
    )
}
"""All comparisons by their names, in the order of the table."""

COLUMNS = (
    "comparison", "version", "seconds", "other_seconds", "ratio", "ndcg@20", "other_ndcg@20", "checked",
    "graph", "threads", "instructions", "note",
)  # fmt: skip


def chosen(only: str | None) -> list[str]:
    """The names of all comparisons, or of those of one work or one library.

    Raises:
        InputError: ``only`` is neither a work nor a library.
    """
    names = [name for name, each in COMPARISONS.items() if only in (None, each.work, each.library)]
    if not names:
        known = dict.fromkeys(part for each in COMPARISONS.values() for part in (each.work, each.library))
        raise InputError(f"--only: no comparison is called {only!r}; {did_you_mean(str(only), known)}")
    return names


def measured(name: str, repeats: int, limit_s: float) -> dict[str, Any]:
    """Measure one comparison in a process of its own, which has ``THREADS`` threads; see :func:`row_of`."""
    row: dict[str, Any] = in_process("peer", name, repeats, limit_s, threads=THREADS)
    return row


def row_of(name: str, repeats: int, limit_s: float) -> dict[str, Any]:
    """Measure one comparison in this process.

    Args:
        name: The comparison.
        repeats: How often each side runs.
        limit_s: Neither of them begins again after so many seconds.

    Returns:
        Values for ``COLUMNS``. ``ratio`` says how many times faster ours is than the library. If the latter
        cannot be imported, ``note`` says so, and there are no numbers.
    """
    comparison = COMPARISONS[name]
    os.environ.setdefault("DGLBACKEND", "pytorch")  # without it, DGL writes a file into the home folder
    missing = absent(comparison.packages)
    if missing:
        return {"comparison": name, "note": missing}
    torch.set_num_threads(THREADS)
    world = amazon_book()
    with warnings.catch_warnings(), temporary_folder() as folder:
        warnings.simplefilter("ignore")  # of other libraries, about their own code
        sides = comparison.sides(world, THREADS, folder)
        warm = 0 if sides.ndcg else 1  # what ranks has run before, for its ndcg
        our_s, other_s = compare((sides.ours, sides.other), repeats, warm, limit_s)
    ndcg = dict(zip(("ndcg@20", "other_ndcg@20"), sides.ndcg or (), strict=False))
    return {
        "comparison": name,
        "version": metadata.version(comparison.packages[0]),
        "seconds": our_s,
        "other_seconds": other_s,
        "ratio": other_s / our_s,
        **ndcg,
        "checked": sides.checked,
        "graph": world.name,
        "threads": THREADS,
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def absent(packages: tuple[str, ...]) -> str:
    """Says that one of some packages cannot be imported; empty if all can."""
    for package in packages:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import_module(package)
        except ModuleNotFoundError:
            return f"{package} is not installed; type `pip install -e '.[peers]'`"
        except (ImportError, OSError) as error:
            return f"{package} cannot be imported: {str(error).splitlines()[0]}"
    return ""
