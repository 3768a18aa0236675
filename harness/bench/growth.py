"""How step time and memory grow with the graph: power-law graphs up to 64 times Amazon-book."""

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
"""Steps of which the median counts, after two that warm up; the largest take half a minute each."""

SCALES = tuple(REPEATS)

SAMPLED = {"translation_nodes": 4096}
"""IRLLRec's exact translation compares all nodes with all nodes; this estimates it without bias."""

SAMPLED_HIDDEN = {"reconstruct_nodes": 4096}
"""RLMRec-Gen tells all hidden nodes from each other, and their number grows with the graph."""

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
"""What is grown, and the hyper-parameters it is grown with."""


def grow(line: str, scales: tuple[int, ...], tell: Callable[[str], None]) -> pd.DataFrame:
    """One row a scale of a system: nodes, edges (train pairs), seconds, peak_bytes, note, exponent.

    A size whose need is beyond the free memory is not tried; its row says what would be needed.
    """
    rows = []
    for row in _grown(line, SYSTEMS[line], scales):
        rows.append(row)
        outcome = row["note"] or f"{row['seconds']:.3f} s a step, {gibibytes(row['peak_bytes'])}"
        tell(f"{line} at {row['scale']} x: {outcome}")
    frame = pd.DataFrame(rows)
    return frame.assign(exponent=exponent(frame))


def _grown(line: str, chosen: dict[str, Any], scales: tuple[int, ...]) -> Iterator[dict[str, Any]]:
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
    """Slope of log(seconds) over log(edges) of one system's sizes; nan below two."""
    measured = frame.dropna(subset=["seconds"])
    if len(measured) < 2:
        return float("nan")
    return float(np.polyfit(np.log(measured["edges"]), np.log(measured["seconds"]), 1)[0])
