"""The rows of ``intentbench bench``: each system's step beside an opponent's, and one evaluation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness import InputError
from harness.bench.growth import alone
from harness.bench.steps import Step, compare, our_step, plain_step
from harness.bench.world import BATCH, World
from harness.evaluation import evaluate
from harness.recbole_stock import Stock

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


def rows(world: World, only: str | None, repeats: int, tell: Callable[[str], None]) -> pd.DataFrame:
    """One row a comparison: COLUMNS; ``ratio`` says how many times faster ours is.

    Seconds are medians of ``repeats`` steps that take turns in this process; peak memory is that of
    a fresh process that does our steps alone.

    Raises:
        InputError: ``only`` names no row.
    """
    made: list[dict[str, Any]] = []
    known = ["LightGCN", *SYSTEMS, EVALUATION]
    if only is not None and only not in known:
        raise InputError(f"--only: no row {only!r}; expected one of {known}")
    if only in (None, "LightGCN", EVALUATION):
        made += _against_recbole(world, only, repeats)
    for line, variants in SYSTEMS.items():
        if only in (None, line):
            tell(line)
            made += _against_plain(line, variants, world, repeats)
    return pd.DataFrame(made, columns=list(COLUMNS))


def _against_recbole(world: World, only: str | None, repeats: int) -> list[dict[str, Any]]:
    splits = {"train": world.train, "valid": world.valid, "test": world.test}
    with tempfile.TemporaryDirectory(prefix="intentbench-") as folder:
        stock = Stock(Path(folder), splits, world.users, world.items, BATCH)
        steps: dict[str, tuple[Step, Step]] = {}
        if only != EVALUATION:
            steps["LightGCN"] = (our_step("LightGCN", world)[0], stock.step())
        if only != "LightGCN":
            steps[EVALUATION] = (our_evaluation(world, stock.scorer()), stock.evaluate)
            _same(steps[EVALUATION])
        seconds = {name: compare(pair, 4 * repeats, warm=2) for name, pair in steps.items()}
    return [_row(name, {}, ours, STOCK, theirs) for name, (ours, theirs) in seconds.items()]


def _against_plain(
    line: str, variants: tuple[dict[str, Any], ...], world: World, repeats: int
) -> list[dict[str, Any]]:
    ours = [our_step(line, world, chosen) for chosen in variants]
    plain = plain_step(line, world, ours[0][1])
    *seconds, plain_s = compare([*(step for step, _ in ours), plain], repeats)
    return [_row(line, chosen, mine, PLAIN, plain_s) for chosen, mine in zip(variants, seconds, strict=True)]


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
    peak_bytes = alone(line, chosen, 0, 3)["peak_bytes"]
    values = (name, mine, baseline, theirs, theirs / mine, int(peak_bytes))
    return dict(zip(COLUMNS, values, strict=True))
