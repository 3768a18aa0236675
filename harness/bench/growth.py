"""How step time and memory grow with the graph: power-law graphs up to 64 times Amazon-book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import psutil

from harness.bench.steps import in_process
from harness.bench.world import ITEMS, PAIRS, USERS, WIDTH
from harness.memory import Sizes, gibibytes, needed_bytes
from harness.systems import parse, settings

REPEATS = {1: 5, 4: 5, 16: 3, 64: 1}
"""Steps of which the median counts, after one that warms up; the largest take half a minute each."""

SCALES = tuple(REPEATS)

SAMPLED = {"translation_nodes": "batch"}
"""IRLLRec's exact translation compares all nodes with all nodes; this estimates it without bias."""

SYSTEMS: Mapping[str, dict[str, Any]] = {
    "LightGCN": {},
    "SGL": {},
    "SimGCL": {},
    "DCCF": {},
    "BIGCF": {},
    "AlphaRec": {},
    "RLMRec-Con[LightGCN]": {},
    "RLMRec-Gen[LightGCN]": {},
    "IRLLRec[LightGCN]": SAMPLED,
    "IRLLRec[DCCF]": SAMPLED,
}
"""What is grown, and the hyper-parameters it is grown with."""


def grow(
    systems: Mapping[str, dict[str, Any]], scales: tuple[int, ...], tell: Callable[[str], None]
) -> pd.DataFrame:
    """One row a system and scale: nodes, edges (train pairs), seconds, peak_bytes, note.

    A size whose need is beyond the free memory is not tried; its row says what would be needed.
    """
    rows = []
    for line, chosen in systems.items():
        for row in _grow_one(line, chosen, scales):
            rows.append(row)
            outcome = row["note"] or f"{row['seconds']:.3f} s a step, {gibibytes(row['peak_bytes'])}"
            tell(f"{line} at {row['scale']} x: {outcome}")
    return pd.DataFrame(rows)


def _grow_one(line: str, chosen: dict[str, Any], scales: tuple[int, ...]) -> Iterator[dict[str, Any]]:
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


def exponents(frame: pd.DataFrame) -> pd.Series:
    """By system the slope of log(seconds) over log(edges), from at least two sizes."""
    found = {}
    for system, mine in frame.dropna(subset=["seconds"]).groupby("system", sort=False):
        if len(mine) > 1:
            found[system] = np.polyfit(np.log(mine["edges"]), np.log(mine["seconds"]), 1)[0]
    return pd.Series(found, name="exponent", dtype=float)
