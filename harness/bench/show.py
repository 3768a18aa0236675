"""What ``intentbench bench`` prints and writes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import tabulate
import torch

from harness.bench import peers
from harness.bench.end_to_end import CAPTION, SIZES, measure, with_exponents
from harness.bench.growth import SCALES, SYSTEMS, grow
from harness.bench.row_file import RowFile
from harness.bench.rows import COLUMNS, names, rows
from harness.bench.world import has_amazon_book
from harness.errors import InputError, did_you_mean
from harness.report import plots
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
    wanted = names(only)
    graph = "Amazon-book" if has_amazon_book() else "a random graph of Amazon-book's size"
    threads, instructions = torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()
    tell(f"Measured on {graph}, with {threads} threads and {instructions} instructions")
    stored = RowFile(out / "speed.csv", "comparison", names(None))
    for name in wanted:
        if resume and name in set(stored.rows["comparison"]):
            continue
        measured = rows(name, repeats, limit_s)
        for row in measured.itertuples():
            beside = f"{row.baseline} {row.baseline_seconds:.4f} s, ratio {row.ratio:.2f}"
            tell(f"{row.name}: {row.seconds:.4f} s, {beside}")
        stored.put(measured.assign(comparison=name)[["comparison", *COLUMNS]])
    return stored.rows[stored.rows["comparison"].isin(wanted)].drop(columns="comparison")


def beside_peers(only: str | None, repeats: int, limit_s: float, out: Path, resume: bool) -> pd.DataFrame:
    """Compare our evaluation, fits and LightGCN with other libraries, and put the rows into peers.csv.

    Each row is written as soon as it is measured. The row of a library that is not installed has a note and
    no numbers.

    Args:
        only: One work or one library; all comparisons if None.
        repeats: How often each side runs.
        limit_s: Seconds after which a comparison begins no further turn.
        out: Folder of the file.
        resume: Whether comparisons whose numbers are in the file already are left out.

    Raises:
        InputError: ``only`` is neither a work nor a library.
    """
    wanted = peers.chosen(only)
    stored = RowFile(out / "peers.csv", "comparison", list(peers.COMPARISONS))
    has_numbers = stored.rows.get("seconds", pd.Series(dtype=float)).notna()
    done = set(stored.rows["comparison"][has_numbers]) if resume else set()
    for name in wanted:
        if name in done:
            continue
        row = peers.measured(name, repeats, limit_s)
        stored.put(pd.DataFrame([row], columns=list(peers.COLUMNS)))
        numbers = "" if row.get("note") else f"{row['seconds']:.3f} s against {row['other_seconds']:.3f}"
        tell(f"{name}: {row.get('note') or numbers}")
    return stored.rows[stored.rows["comparison"].isin(wanted)]


def end_to_end(largest: int, out: Path, resume: bool) -> pd.DataFrame:
    """Measure all stages from rows to a leaderboard at growing size, and put them into end-to-end.csv.

    Args:
        largest: Largest number of pairs.
        out: Folder of the file.
        resume: Whether sizes that are in the file already are left out.

    Raises:
        InputError: ``largest`` is smaller than the smallest size, or a run fails.
    """
    sizes = [size for size in SIZES if size <= largest]
    if not sizes:
        smallest = SIZES[0]
        raise InputError(f"--largest is {largest}; with --end-to-end, expected at least {smallest} pairs")
    stored = RowFile(out / "end-to-end.csv", "pairs", SIZES)
    for pairs in sizes:
        if not (resume and pairs in set(stored.rows["pairs"])):
            stored.put(measure(pairs, tell))
            stored.put(with_exponents(stored.rows))
    tell(CAPTION)
    return stored.rows[stored.rows["pairs"].isin(sizes)]


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
    stored = RowFile(out / "growth.csv", "system", list(SYSTEMS))
    stored.put(frame)
    for figure_file in plots.save(plots.growth(stored.rows), out, "growth", formats):
        tell(f"wrote {figure_file}")


def table(frame: pd.DataFrame) -> str:
    """Lay a frame out as a table to read, with memory in GiB and rounded seconds."""
    shown = frame.copy()
    if "peak_bytes" in frame:
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
