"""What ``intentbench bench`` shows: its frames as tables, its growth as files."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import tabulate
import torch

from harness import InputError, plots
from harness.bench.growth import SCALES, SYSTEMS, exponents, grow
from harness.bench.rows import rows
from harness.bench.world import at_hand
from harness.memory import gibibytes
from harness.systems import nearest


def speed(only: str | None, repeats: int) -> pd.DataFrame:
    """Our steps beside their opponents'."""
    tell(f"{torch.get_num_threads()} threads; Amazon-book's matrices {'read' if at_hand() else 'drawn'}")
    return rows(only, repeats, tell)


def growth(only: str | None, largest: int, out: Path) -> pd.DataFrame:
    """Steps on growing graphs; also writes growth.csv and the figure to ``out``.

    Raises:
        InputError: ``only`` names no system that is grown.
    """
    if only is not None and only not in SYSTEMS:
        raise InputError(f"--only: {only!r} is not grown; {nearest(only, SYSTEMS)}")
    chosen = {line: hyper for line, hyper in SYSTEMS.items() if only in (None, line)}
    frame = grow(chosen, tuple(scale for scale in SCALES if scale <= largest), tell)
    slopes = exponents(frame)
    frame["exponent"] = frame["system"].map(slopes)
    out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(out / "growth.csv", index=False)
    for file in plots.save(plots.growth(frame, slopes), out, "growth"):
        tell(f"wrote {file}")
    return frame


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
