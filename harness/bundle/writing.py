"""Packs what a store holds of a plan, with its report, into a folder or a zip file."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.bundle.card import card
from harness.bundle.containers import ZIP, copied, pack
from harness.bundle.contents import copy_contents
from harness.bundle.facts import Facts
from harness.bundle.layout import ABOUT, CARD, CITATION, MANIFEST, PLAN, README, REPORT
from harness.bundle.texts import readme, study_citation
from harness.errors import InputError
from harness.planning.plan import load_plan
from harness.report.document import write as write_report
from harness.report.section import Options
from harness.store.files import writing
from harness.store.store import Store
from harness.store.temporary import temporary_folder


@dataclass(frozen=True)
class Bundled:
    """What was written.

    Attributes:
        counts: The numbers of finished and failed runs and of searches.
        files: The number of files.
        unpacked_bytes: Bytes of all files.
    """

    counts: dict[str, int]
    files: int
    unpacked_bytes: int


def write_bundle(
    plan_file: Path,
    store: Store,
    out: Path,
    *,
    anonymous: bool = False,
    authors: tuple[str, ...] = (),
    licence: str | None = None,
) -> Bundled:
    """Write the bundle of a plan.

    Args:
        plan_file: The plan's YAML file.
        store: The store that holds its runs.
        out: A file that ends in ``.zip``, which is replaced, or a new folder.
        anonymous: Whether numbers take the place of the users' ids.
        authors: Who is to be cited.
        licence: SPDX identifier of the bundle's licence.

    Raises:
        InputError: The store holds no finished run of the plan, or a damaged one; ``out`` is a folder that
            holds something.
        StoreError: ``out`` cannot be written.
    """
    _check_place(out)
    plan = load_plan(plan_file)
    with temporary_folder() as folder:
        root = folder / "bundle"
        copy = copy_contents(plan, store, root, anonymous=anonymous)
        write_report(plan, copy, root / REPORT, options=Options(figures=False))
        shutil.copyfile(plan_file, root / PLAN)
        facts = Facts.of(plan, copy, anonymous=anonymous, authors=authors, licence=licence)
        texts = {
            README: readme(facts),
            ABOUT: json.dumps(facts.about(), indent=1, ensure_ascii=False) + "\n",
            CITATION: study_citation(facts),
            CARD: card(facts, root),
        }
        for name, text in texts.items():
            (root / name).write_text(text, encoding="utf-8", errors="replace")
        files = sorted(path for path in root.rglob("*") if path.is_file())
        (root / MANIFEST).write_text(_manifest(root, files), encoding="utf-8")
        _put(root, out)
        return Bundled(facts.counts, len(files) + 1, sum(path.stat().st_size for path in files))


def _check_place(out: Path) -> None:
    """Refuse to write where something lies already, before the work is done."""
    if out.suffix == ZIP:
        if out.is_dir():
            raise InputError(f"{out}: is a folder; expected a new file, or a name without {ZIP}")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: exists; expected a new folder, or a file that ends in {ZIP}")


def _manifest(root: Path, files: list[Path]) -> str:
    """A line for each file: its SHA-256 and its name."""
    return "".join(f"{copied(path.open('rb'))}  {path.relative_to(root).as_posix()}\n" for path in files)


def _put(root: Path, out: Path) -> None:
    """Write the files of ``root`` to their place, all or none."""
    if out.suffix == ZIP:
        pack(root, out)
        return
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(root, unfinished)
            unfinished.replace(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
