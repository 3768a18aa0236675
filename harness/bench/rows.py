"""The rows of ``intentbench bench``: our training step or evaluation, and another implementation of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.bench.evaluations import check_equal, our_evaluation, stock_of
from harness.bench.steps import in_process, our_step, plain_step
from harness.bench.world import World, amazon_book
from harness.errors import InputError, did_you_mean
from harness.store.temporary import temporary_folder
from harness.training.timing import Step, compare

STOCK, PLAIN = "RecBole", "plain equations"
"""What ours is compared with."""

EVALUATION = "evaluation"
"""Name of the row that compares evaluations instead of training steps."""

SYSTEMS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "MF": ({},),
    "SGL": ({},),
    "SimGCL": ({},),
    "XSimGCL": ({},),
    "LightCCF": ({},),
    "DCCF": ({}, {"products": "bfloat16"}),
    "BIGCF": ({},),
    "AlphaRec": ({},),
    "RLMRec-Con[LightGCN]": ({}, {"products": "bfloat16"}),
    "RLMRec-Gen[LightGCN]": ({}, {"products": "bfloat16"}),
    "ProMax[LightGCN]": ({}, {"products": "bfloat16"}),
    "IRLLRec[LightGCN]": ({}, {"products": "bfloat16"}),
}
"""Systems compared with the plain equations; a row for each set of hyper-parameters."""

COLUMNS = ("name", "seconds", "baseline", "baseline_seconds", "ratio", "peak_bytes")


def names(only: str | None) -> list[str]:
    """The names of all comparisons, or of the one that is asked for.

    Raises:
        InputError: ``only`` names no comparison.
    """
    every = ["LightGCN", EVALUATION, *SYSTEMS]
    if only is not None and only not in every:
        raise InputError(f"--only: there is no row {only!r}; {did_you_mean(only, every)}")
    return every if only is None else [only]


def rows(name: str, repeats: int, limit_s: float) -> pd.DataFrame:
    """Measure one comparison; return COLUMNS, where ``ratio`` says how many times faster ours is.

    Each comparison runs in a process of its own, so that none is affected by the memory of another. In it the
    two implementations take turns, and the median of their times is taken. Peak memory is measured in one
    more process, which runs ours only.

    Args:
        name: The comparison, one of ``names``.
        repeats: How often each implementation runs.
        limit_s: Neither of them begins again after so many seconds.
    """
    measured = []
    for row in in_process("rows", name, repeats, limit_s):
        peak_bytes = in_process("step", name, row.pop("chosen"), 0, 1)["peak_bytes"]
        measured.append({**row, "peak_bytes": peak_bytes})
    return pd.DataFrame(measured, columns=list(COLUMNS))


def rows_of(line: str, repeats: int, limit_s: float) -> list[dict[str, Any]]:
    """Measure the rows of one comparison in this process.

    Instead of ``peak_bytes`` each row has ``chosen``, the hyper-parameters that differ from the defaults.
    """
    world = amazon_book()
    if line not in SYSTEMS:
        return [_against_recbole(line, world, repeats, limit_s)]
    ours = [our_step(line, world, chosen) for chosen in SYSTEMS[line]]
    plain = plain_step(line, world, ours[0][1])
    *our_seconds, plain_s = compare([*(step for step, _ in ours), plain], repeats, limit_s=limit_s)
    timed = zip(SYSTEMS[line], our_seconds, strict=True)
    return [_row(line, chosen, our_s, PLAIN, plain_s) for chosen, our_s in timed]


def _against_recbole(line: str, world: World, repeats: int, limit_s: float) -> dict[str, Any]:
    with temporary_folder() as folder:
        stock = stock_of(world, folder)
        if line == EVALUATION:
            steps: tuple[Step, Step] = (our_evaluation(world, stock.scorer()), stock.evaluate)
            check_equal(steps[0]().users.mean(), stock.evaluate(), STOCK)
        else:
            steps = (our_step(line, world)[0], stock.step())
        our_s, recbole_s = compare(steps, 4 * repeats, warm=2, limit_s=limit_s)
    return _row(line, {}, our_s, STOCK, recbole_s)


def _row(line: str, chosen: dict[str, Any], our_s: float, baseline: str, baseline_s: float) -> dict[str, Any]:
    return {
        "name": " ".join([line, *(str(value) for value in chosen.values())]),
        "seconds": our_s,
        "baseline": baseline,
        "baseline_seconds": baseline_s,
        "ratio": baseline_s / our_s,
        "chosen": chosen,
    }
