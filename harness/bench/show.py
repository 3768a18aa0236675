"""What ``intentbench bench`` shows: its frames as tables, its growth as files."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import tabulate
import torch

from harness.bench.growth import SCALES, SYSTEMS, grow
from harness.bench.rows import rows
from harness.bench.world import at_hand
from harness.errors import InputError, did_you_mean
from harness.report import plots
from harness.training.memory import gibibytes


def speed(only: str | None, repeats: int) -> pd.DataFrame:
    """Our steps beside their opponents'."""
    tell(f"{torch.get_num_threads()} threads; Amazon-book's matrices {'read' if at_hand() else 'drawn'}")
    return rows(only, repeats, tell)


def growth(only: str | None, largest: int, out: Path) -> pd.DataFrame:
    """Steps on growing graphs, which take the place of their systems' rows in growth.csv in ``out``.

    The file and the figure are written after every system, so that an hour's work can be resumed.

    Raises:
        InputError: ``only`` names no system that is grown.
    """
    if only is not None and only not in SYSTEMS:
        raise InputError(f"--only: {only!r} is not grown; {did_you_mean(only, SYSTEMS)}")
    scales = tuple(scale for scale in SCALES if scale <= largest)
    found = []
    for line in SYSTEMS if only is None else [only]:
        found.append(grow(line, scales, tell))
        _keep(found[-1], out)
    return pd.concat(found, ignore_index=True)


def _keep(frame: pd.DataFrame, out: Path) -> None:
    """Put one system's rows into the file and the figure of all."""
    file = out / "growth.csv"
    if file.exists():
        known = pd.read_csv(file).fillna({"note": ""})
        frame = pd.concat([known[~known["system"].isin(frame["system"])], frame], ignore_index=True)
    order = {line: place for place, line in enumerate(SYSTEMS)}
    frame = frame.sort_values("system", key=lambda column: column.map(order), kind="stable")
    out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(file, index=False)
    for made in plots.save(plots.growth(frame), out, "growth"):
        tell(f"wrote {made}")


def table(frame: pd.DataFrame) -> str:
    """A frame for people: sizes in GiB, three digits of seconds."""
    shown = frame.copy()
    shown["peak_bytes"] = [gibibytes(count) if count == count else "" for count in frame["peak_bytes"]]
    shown = shown.rename(columns={"peak_bytes": "peak memory"})
    digits = [".2f" if name in ("ratio", "exponent") else ".4g" for name in shown.columns]
    made: str = tabulate.tabulate(
        shown, headers="keys", showindex=False, floatfmt=tuple(digits), missingval=""
    )
    return made


def tell(line: str) -> None:
    """Progress goes beside the result, so that --json stays JSON."""
    print(line, file=sys.stderr, flush=True)
