"""A single wrong bit anywhere in a store is noticed, or changes no table; it never ends in a traceback."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.planning.plan import Plan, load_plan
from harness.planning.run_status import run_statuses
from harness.report.document import write
from harness.report.section import Options
from harness.store import damage
from harness.store.journal import CHECKSUM
from harness.store.store import Store
from tests.store.small import PLANS, by_kind, copy_plans, run_plans, tables

SAMPLE = 300
"""Bits of a file that the default suite flips."""

REPORTED = 50
"""Flips that are followed by status and report too; all others by what these two look at first."""


class Bits:
    """A small store to flip bits in: complete, but for a search of which only the journal is left."""

    def __init__(self, folder: Path) -> None:
        copy_plans(folder)
        run_plans(folder)
        self.folder, self.store, self.expected = folder, Store(folder / "store"), tables(folder)
        self.plans: list[Plan] = [load_plan(folder / f"{plan}.yaml") for plan in PLANS]
        self.checkpoint = self.store.checkpoint("0" * 20)
        self.checkpoint.save({"epoch": 1, "scores": [0.5, 0.25]})
        self.search = by_kind(self.store)["search"]

    def files(self) -> list[Path]:
        """Every file that a report or a run reads; encoded texts are no part of what is stored of a run."""
        kept = [path for path in sorted(self.store.root.rglob("*")) if path.is_file() and path.stat().st_size]
        return [path for path in kept if "text" not in path.relative_to(self.store.root).parts]

    def check(self, path: Path, bit: int, thoroughly: bool) -> bool:
        """Flip a bit and put it back; whether it was noticed. If it was not, it must have no effect."""
        whole = path.read_bytes()
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(content))
        try:
            noticed = self.is_noticed(path)
            if not noticed:
                self.has_no_effect(path, whole, thoroughly)
            elif thoroughly:
                self.is_told(path)
        finally:
            path.write_bytes(whole)
        return noticed

    def is_noticed(self, path: Path) -> bool:
        folder = path.relative_to(self.store.root).parts[0]
        if folder == "runs":
            parts = damage.of_task(self.store, path.parent.name)
            expected = path.parent
        elif folder == "datasets":
            parts, expected = damage.of_dataset(self.store, path.stem), path
        else:
            parts, expected = list(damage.of_unfinished(self.store, path.stem)), path
        assert [part.path for part in parts] in ([], [expected]), "something else is blamed"
        return bool(parts)

    def is_told(self, path: Path) -> None:
        """Verify finds it, status does not stumble over it, and a report that needs the file is refused."""
        assert len(damage.of_store(self.store)) == 1
        needed = path.relative_to(self.store.root).parts[0] in ("runs", "datasets")
        refused = 0
        for plan in self.plans:
            run_statuses(plan, self.store)
            try:
                write(plan, self.store, self.folder / "out", options=Options(costs=False, figures=False))
            except InputError:
                refused += 1
        assert bool(refused) == needed

    def has_no_effect(self, path: Path, whole: bytes, thoroughly: bool) -> None:
        """What is read is what was read before; if ``thoroughly``, the tables are the same too."""
        if path.suffix == ".journal":
            assert entries(path.read_bytes()) in (entries(whole), entries(whole)[:-1])
        elif path.suffix == ".json":
            assert without_checksums(path.read_bytes()) == without_checksums(whole)
            assert self.store.notes.degrees(path.stem) is not None
        else:
            raise AssertionError(f"{path}: a flip passed")
        if thoroughly:
            assert tables(self.folder) == self.expected


def entries(journal: bytes) -> list[Any]:
    """What Optuna reads of a journal: whole lines, keys that it knows."""
    lines = [json.loads(line) for line in journal.split(b"\n")[:-1]]
    return [{name: value for name, value in line.items() if name != CHECKSUM} for line in lines]


def without_checksums(description: bytes) -> Any:
    """What a report reads of a description."""
    known = ("checksum", "users", "items", "pairs", "notes")
    fields = json.loads(description)
    return {name: fields[name] for name in known}


@pytest.fixture(scope="module")
def bits(tmp_path_factory: pytest.TempPathFactory) -> Bits:
    return Bits(tmp_path_factory.mktemp("bits"))


def flips(bits: Bits, sample: int | None) -> list[tuple[Path, int]]:
    """Bits of every file: all of them, or a seeded sample."""
    draw, chosen = random.Random(11), []
    for path in bits.files():
        every = range(8 * path.stat().st_size)
        some = every if sample is None else draw.sample(every, min(sample, len(every)))
        chosen += [(path, bit) for bit in some]
    return chosen


def check_all(bits: Bits, sample: int | None) -> None:
    chosen = flips(bits, sample)
    names = {path.name for path, _ in chosen} | {path.suffix for path, _ in chosen}
    assert {"run.json", "users.parquet", "trials.parquet", "prototypes.npz", "SHA256SUMS"} <= names
    assert {".json", ".journal", ".pt"} <= names
    every = len(chosen) // REPORTED
    noticed = [bits.check(*flip, thoroughly=not number % every) for number, flip in enumerate(chosen)]
    assert tables(bits.folder) == bits.expected
    print(f"{len(noticed)} flips, {sum(noticed)} noticed, {len(noticed) - sum(noticed)} without effect")


def test_a_sample_of_all_bits(bits: Bits) -> None:
    check_all(bits, SAMPLE)


@pytest.mark.slow
def test_all_bits(bits: Bits) -> None:
    check_all(bits, None)
