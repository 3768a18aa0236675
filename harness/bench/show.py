"""What ``intentbench bench`` prints and writes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import tabulate
import torch

from harness.bench.growth import SCALES, SYSTEMS, grow
from harness.bench.rows import COLUMNS, names, rows
from harness.bench.world import has_amazon_book
from harness.errors import InputError, did_you_mean
from harness.report import plots
from harness.report.tables import csv_text, read_rows
from harness.store.files import replaced
from harness.training.memory import gibibytes


def speed(only: str | None, repeats: int, limit_s: float, out: Path, resume: bool) -> pd.DataFrame:
    """Compare our training steps and evaluation with other implementations, and put the rows into speed.csv.

    Each row is printed and written as soon as it is measured; new rows replace those of the same comparison.

    Args:
        only: One comparison; all of them if None.
        repeats: How often each implementation runs.
        limit_s: Seconds after which a comparison begins no further turn.
        out: Folder of the file.
        resume: Whether comparisons that are in the file already are left out.

    Raises:
        InputError: ``only`` names no comparison.
    """
    file, wanted = out / "speed.csv", names(only)
    graph = "Amazon-book" if has_amazon_book() else "a random graph of Amazon-book's size"
    threads, instructions = torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()
    tell(f"Measured on {graph}, with {threads} threads and {instructions} instructions")
    stored = read_rows(file) if file.exists() else pd.DataFrame(columns=["comparison", *COLUMNS])
    for name in wanted:
        if resume and name in set(stored["comparison"]):
            continue
        measured = rows(name, repeats, limit_s)
        for row in measured.itertuples():
            beside = f"{row.baseline} {row.baseline_seconds:.4f} s, ratio {row.ratio:.2f}"
            tell(f"{row.name}: {row.seconds:.4f} s, {beside}")
        measured.insert(0, "comparison", name)
        others = stored[stored["comparison"] != name]
        stored = pd.concat([others, measured], ignore_index=True) if len(others) else measured
        order = stored["comparison"].map({each: number for number, each in enumerate(names(None))})
        stored = stored.iloc[order.argsort(kind="stable")].reset_index(drop=True)
        with replaced(file) as unfinished:
            unfinished.write_text(csv_text(stored), encoding="utf-8")
    return stored[stored["comparison"].isin(wanted)].drop(columns="comparison")


def growth(only: str | None, largest: int, out: Path, formats: Sequence[str] = ("png",)) -> pd.DataFrame:
    """Measure steps on growing graphs, and put the rows into growth.csv.

    The file and the figure are written after every system, so that nothing is lost when the measurement,
    which takes an hour, is stopped. New rows replace the rows of the same system.

    Args:
        only: One system; all of them if None.
        largest: Largest scale that is measured.
        out: Folder of the file and the figure.
        formats: The formats in which the figure is written.

    Raises:
        InputError: ``only`` names no system that is measured here.
    """
    if only is not None and only not in SYSTEMS:
        raise InputError(f"--only: the growth of {only!r} is not measured; {did_you_mean(only, SYSTEMS)}")
    scales = tuple(scale for scale in SCALES if scale <= largest)
    frames = []
    for line in SYSTEMS if only is None else [only]:
        frames.append(grow(line, scales, tell))
        _write_growth(frames[-1], out, formats)
    return pd.concat(frames, ignore_index=True)


def _write_growth(frame: pd.DataFrame, out: Path, formats: Sequence[str] = ("png",)) -> None:
    """Put one system's rows into the file, and draw the figure of all rows in it."""
    file = out / "growth.csv"
    if file.exists():
        stored = read_rows(file).fillna({"note": ""})
        frame = pd.concat([stored[~stored["system"].isin(frame["system"])], frame], ignore_index=True)
    order = {line: number for number, line in enumerate(SYSTEMS)}
    frame = frame.sort_values("system", key=lambda column: column.map(order), kind="stable")
    with replaced(file) as unfinished:
        unfinished.write_text(csv_text(frame), encoding="utf-8")
    for figure_file in plots.save(plots.growth(frame), out, "growth", formats):
        tell(f"wrote {figure_file}")


def table(frame: pd.DataFrame) -> str:
    """Lay a frame out as a table to read, with memory in GiB and rounded seconds."""
    shown = frame.copy()
    shown["peak_bytes"] = [gibibytes(count) if count == count else "" for count in frame["peak_bytes"]]
    shown = shown.rename(columns={"peak_bytes": "peak memory"})
    digits = [".2f" if name in ("ratio", "exponent") else ".4g" for name in shown.columns]
    text: str = tabulate.tabulate(
        shown, headers="keys", showindex=False, floatfmt=tuple(digits), missingval=""
    )
    return text


def tell(line: str) -> None:
    """Print a line of progress to stderr, so that stdout holds the result only."""
    print(line, file=sys.stderr, flush=True)
