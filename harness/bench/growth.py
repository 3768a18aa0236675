"""How the time and memory of a training step grow with the graph, up to 64 times Amazon-book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import psutil

from harness.bench.steps import in_process
from harness.bench.world import ITEMS, PAIRS, USERS, WIDTH
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.training.memory import Sizes, gibibytes, needed_bytes

REPEATS = {1: 15, 4: 9, 16: 5, 64: 3}
"""For each scale, how many steps are timed after two that are not. Steps at scale 64 take half a minute."""

SCALES = tuple(REPEATS)

SAMPLED = {"translation_nodes": 4096}
"""IRLLRec's exact translation term compares every node with every node; this samples it, without bias."""

SAMPLED_HIDDEN = {"reconstruct_nodes": 4096}
"""RLMRec-Gen compares every hidden node with every other, and their number grows with the graph."""

SYSTEMS: Mapping[str, dict[str, Any]] = {
    "LightGCN": {},
    "SGL": {},
    "SimGCL": {},
    "DCCF": {},
    "BIGCF": {},
    "AlphaRec": {},
    "RLMRec-Con[LightGCN]": {},
    "RLMRec-Gen[LightGCN]": SAMPLED_HIDDEN,
    "IRLLRec[LightGCN]": SAMPLED,
}
"""The systems measured, and those of their hyper-parameters that differ from the defaults."""


def grow(line: str, scales: tuple[int, ...], tell: Callable[[str], None]) -> pd.DataFrame:
    """Measure one system on graphs of several scales.

    A graph that needs more than the free memory is not tried; the note in its row says what it would need.

    Args:
        line: The system, a key of ``SYSTEMS``.
        scales: Sizes of the graphs, in multiples of Amazon-book.
        tell: Receives one line about every measurement.

    Returns:
        One row per scale: ``system``, ``scale``, ``nodes``, ``edges`` (train pairs), ``seconds``,
        ``peak_bytes``, ``note`` and ``exponent``.
    """
    rows = []
    for row in _measured(line, SYSTEMS[line], scales):
        rows.append(row)
        outcome = row["note"] or f"{row['seconds']:.3f} s a step, {gibibytes(row['peak_bytes'])}"
        tell(f"{line} at {row['scale']} x: {outcome}")
    frame = pd.DataFrame(rows)
    return frame.assign(exponent=exponent(frame))


def _measured(line: str, chosen: dict[str, Any], scales: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Yield the row of each scale as soon as it is measured."""
    spec = parse(line)
    values = settings(spec, chosen)
    for scale in scales:
        sizes = Sizes(scale * USERS, scale * ITEMS, scale * PAIRS, WIDTH if spec.needs_text else 0)
        needed, free = needed_bytes(spec, values, sizes), psutil.virtual_memory().available
        row: dict[str, Any] = {
            "system": line, "scale": scale, "nodes": sizes.nodes, "edges": sizes.pairs,
            "seconds": np.nan, "peak_bytes": np.nan, "note": "",
        }  # fmt: skip
        if needed > free:
            yield {**row, "note": f"needs about {gibibytes(needed)}; {gibibytes(free)} are free"}
            continue
        yield {**row, **in_process("step", line, chosen, scale, REPEATS[scale])}


def exponent(frame: pd.DataFrame) -> float:
    """Return the slope of log(seconds) over log(edges) of one system; NaN for fewer than two scales."""
    timed = frame.dropna(subset=["seconds"])
    if len(timed) < 2:
        return float("nan")
    return float(np.polyfit(np.log(timed["edges"]), np.log(timed["seconds"]), 1)[0])
