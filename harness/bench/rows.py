"""The rows of ``intentbench bench``: each system's step beside an opponent's, and one evaluation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.bench.steps import in_process, our_step, plain_step
from harness.bench.world import BATCH, World, amazon_book
from harness.errors import InputError, did_you_mean
from harness.evaluation.ranking import evaluate
from harness.recbole_host.stock import Stock
from harness.training.timing import Step, compare

STOCK, PLAIN = "RecBole", "plain equations"
"""The opponents."""

EVALUATION = "evaluation"

SYSTEMS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "SGL": ({},),
    "SimGCL": ({},),
    "DCCF": ({}, {"products": "bfloat16"}),
    "BIGCF": ({},),
    "AlphaRec": ({},),
    "RLMRec-Con[LightGCN]": ({}, {"products": "bfloat16"}),
    "RLMRec-Gen[LightGCN]": ({}, {"products": "bfloat16"}),
    "IRLLRec[LightGCN]": ({}, {"products": "bfloat16"}),
}
"""Systems measured against the plain equations, with the hyper-parameters of each row."""

COLUMNS = ("name", "seconds", "baseline", "baseline_seconds", "ratio", "peak_bytes")


def rows(only: str | None, repeats: int, tell: Callable[[str], None]) -> pd.DataFrame:
    """One row a comparison: COLUMNS; ``ratio`` says how many times faster ours is.

    Each comparison has a process of its own, so that none inherits another's heap; in it the two
    sides take turns, and the medians of ``repeats`` turns count. Peak memory is that of one more
    process that does our steps alone.

    Raises:
        InputError: ``only`` names no row.
    """
    known = ["LightGCN", EVALUATION, *SYSTEMS]
    if only is not None and only not in known:
        raise InputError(f"--only: no row {only!r}; {did_you_mean(only, known)}")
    made: list[dict[str, Any]] = []
    for line in known:
        if only in (None, line):
            tell(line)
            for row in in_process("rows", line, repeats):
                peak_bytes = in_process("step", line, row.pop("chosen"), 0, 3)["peak_bytes"]
                made.append({**row, "peak_bytes": peak_bytes})
    return pd.DataFrame(made, columns=list(COLUMNS))


def rows_of(line: str, repeats: int) -> list[dict[str, Any]]:
    """The rows of one comparison, measured in this process; ``chosen`` in place of peak memory."""
    world = amazon_book()
    if line not in SYSTEMS:
        return [_against_recbole(line, world, repeats)]
    ours = [our_step(line, world, chosen) for chosen in SYSTEMS[line]]
    plain = plain_step(line, world, ours[0][1])
    *seconds, plain_s = compare([*(step for step, _ in ours), plain], repeats)
    pairs = zip(SYSTEMS[line], seconds, strict=True)
    return [_row(line, chosen, mine, PLAIN, plain_s) for chosen, mine in pairs]


def _against_recbole(line: str, world: World, repeats: int) -> dict[str, Any]:
    splits = {"train": world.train, "valid": world.valid, "test": world.test}
    with tempfile.TemporaryDirectory(prefix="intentbench-") as folder:
        stock = Stock(Path(folder), splits, world.users, world.items, BATCH)
        if line == EVALUATION:
            steps: tuple[Step, Step] = (our_evaluation(world, stock.scorer()), stock.evaluate)
            _same(steps)
        else:
            steps = (our_step(line, world)[0], stock.step())
        mine, theirs = compare(steps, 4 * repeats, warm=2)
    return _row(line, {}, mine, STOCK, theirs)


def our_evaluation(world: World, scorer: Callable[[np.ndarray], Any]) -> Step:
    """Our full-ranking pass over the test users, train and validation positives hidden as RecBole does."""
    train, test = world.matrix(world.train), world.matrix(world.test)
    hidden = train + world.matrix(world.valid)
    return lambda: evaluate(scorer, test, hidden, train, ("recall", "ndcg"), (20,))


def _same(passes: tuple[Step, Step]) -> None:
    """Both evaluations of one model must agree, or their speeds compare nothing."""
    found, theirs = passes[0]().users.mean(), passes[1]()
    for name in ("recall@20", "ndcg@20"):
        if abs(found[name] - theirs[name]) > 1e-6:
            raise RuntimeError(f"{name}: ours {found[name]}, RecBole's {theirs[name]}; expected the same")


def _row(line: str, chosen: dict[str, Any], mine: float, baseline: str, theirs: float) -> dict[str, Any]:
    name = " ".join([line, *(str(value) for value in chosen.values())])
    measured = {"seconds": mine, "baseline": baseline, "baseline_seconds": theirs, "ratio": theirs / mine}
    return {"name": name, **measured, "chosen": chosen}
