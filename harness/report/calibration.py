"""How reliable the tests are on the scores of a store: their false alarms, their power, and other seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import InputError
from harness.evaluation.stats import simulation
from harness.evaluation.stats.paired import LEVEL
from harness.evaluation.stats.randomisation import randomisation_test
from harness.report import plots
from harness.report.tables import csv_text
from harness.store.files import replaced, writing
from harness.store.record import RunRecord
from harness.store.store import Store


def calibrate(
    stores: list[Path], metric: str, comparisons: int, out: Path, tell: Callable[[str], None]
) -> pd.DataFrame:
    """Simulate comparisons that draw users from real differences between runs, and write what they show.

    Writes alarms.csv, power.csv with a figure, and seeds.csv. Alarms and power take the trained runs as
    given. seeds.csv says how often the test finds a difference between two runs of one system, which differ
    by their seed only.

    Args:
        stores: Folders of results.
        metric: The metric whose per-user values are used.
        comparisons: Simulated comparisons for each pair of runs and null hypothesis. A third as many are
            simulated for each true difference of the power curve.
        out: Folder to write to.
        tell: Receives one line about every pair of runs and every file.

    Returns:
        False alarms by ``dataset``, ``null`` and ``test``, averaged over the pairs of runs.

    Raises:
        InputError: No store holds two runs of one dataset that differ.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; expected a folder")
    alarms, power = [], []
    groups = [(store, *group) for store in map(Store, stores) for group in _systems(store, tell)]
    for store, dataset, systems in groups:
        for source, difference in _sources(store, systems, metric):
            tell(f"{dataset}, {len(difference):,} users: {source}")
            named = {"dataset": dataset, "source": source, "users": len(difference)}
            alarms.append(simulation.false_alarms(difference, comparisons).assign(**named))
            power.append(simulation.power(difference, max(1, comparisons // 3)).assign(**named))
    if not alarms:
        raise InputError(
            f"{', '.join(map(str, stores))}: no two runs of one dataset differ in {metric}; expected a store "
            "with two systems, or two repetitions of one, on the same dataset with two test users or more"
        )
    seeds = [row for store, dataset, systems in groups for row in _seeds(store, dataset, systems, metric)]
    all_alarms = pd.concat(alarms, ignore_index=True)
    _write(all_alarms, pd.concat(power, ignore_index=True), pd.DataFrame(seeds), out, tell)
    by_test = all_alarms.groupby(["dataset", "null", "test"], sort=False)["alarms"]
    return by_test.agg(["count", "mean"]).reset_index()


def _write(
    alarms: pd.DataFrame, power: pd.DataFrame, seeds: pd.DataFrame, out: Path, tell: Callable[[str], None]
) -> None:
    """Write the three tables and the figure, and tell about every file."""
    frames = {"alarms.csv": alarms, "power.csv": power, "seeds.csv": seeds}
    with writing(out):
        for name, frame in frames.items():
            with replaced(out / name) as unfinished:
                unfinished.write_text(csv_text(frame), encoding="utf-8")
        files = [*(out / name for name in frames), *plots.save(plots.power(power), out, "power")]
    for file in files:
        tell(f"wrote {file}")


def _sources(store: Store, systems: dict[str, list[str]], metric: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield real per-user differences [U] that are not all 0, each with a description of its two runs.

    They are between two repetitions of every system, and between every system and the next in the order
    of their names. Datasets with one test user are left out.
    """
    repeated = [(f"two repetitions of {name}", runs[:2]) for name, runs in systems.items() if len(runs) > 1]
    others = [(f"{one} and {two}", [systems[one][0], systems[two][0]]) for one, two in pairwise(systems)]
    for source, identities in repeated + others:
        scores = store.scores(identities, [metric])[metric]
        difference = (scores[0] - scores[1]).to_numpy(dtype=float)
        if len(difference) > 1 and difference.any():  # one user has no standard deviation
            yield source, difference


def _seeds(
    store: Store, dataset: str, systems: dict[str, list[str]], metric: str
) -> Iterator[dict[str, object]]:
    """Test the pairs of runs of every system whose runs differ; yield the share of pairs with p < LEVEL."""
    for system, runs in systems.items():
        scores = store.scores(runs, [metric])[metric].to_numpy(dtype=float)
        differences = [scores[:, one] - scores[:, two] for one, two in combinations(range(len(runs)), 2)]
        if any(difference.any() for difference in differences):
            p = pd.Series([randomisation_test(difference) for difference in differences])
            yield {
                "dataset": dataset,
                "system": system,
                "pairs": len(differences),
                "alarms": (p < LEVEL).mean(),
            }


def _systems(store: Store, tell: Callable[[str], None]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield every dataset with the finished runs of each system, in the order of their repetitions.

    If several runs have the same dataset, system and repetition, only the one that started last is used. If
    several datasets have the same name (such as one dataset split by two seeds), only the one that was run
    last is used, because their test users are not the same. Damaged runs are left out, with a line to
    ``tell``.
    """
    for identity in store.damaged():
        tell(f"{store.folder(identity)}: is damaged and left out; `intentbench run` does it again")
    finished = [(identity, run) for identity, run in store.runs().items() if run.status == "finished"]
    finished.sort(key=lambda entry: entry[1].started)
    last = {run.dataset: _dataset_origin(run) for _, run in finished}
    runs = {
        (run.dataset, run.system, run.repetition): identity
        for identity, run in finished
        if _dataset_origin(run) == last[run.dataset]
    }
    groups: dict[str, dict[str, list[str]]] = {}
    for (dataset, system, _), identity in sorted(runs.items()):
        groups.setdefault(dataset, {}).setdefault(system, []).append(identity)
    yield from groups.items()


def _dataset_origin(run: RunRecord) -> tuple[Any, Any]:
    """Return what determines the dataset of a run."""
    return run.base_seed, run.dataset_plan
