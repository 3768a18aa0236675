"""Whether the tests keep their promises on a store's own scores: false alarms, power, other seeds."""

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
from harness.store.files import writing
from harness.store.record import RunRecord
from harness.store.store import Store


def calibrate(
    stores: list[Path], metric: str, comparisons: int, out: Path, tell: Callable[[str], None]
) -> pd.DataFrame:
    """Simulate comparisons on the stores' differences; set every system's runs against each other.

    Writes alarms.csv, power.csv with a figure, and seeds.csv to ``out``. Alarms and power are those of the
    test with the trained runs as they are; seeds.csv says how often it calls two runs different that
    differ by nothing but their seed.

    Args:
        stores: Folders of results.
        metric: The metric whose per-user values are taken.
        comparisons: Simulated comparisons a source and null hypothesis; a third of them a point of power.
        out: Folder to write to.
        tell: Told of every source and file.

    Returns:
        False alarms by ``dataset``, ``null`` and ``test``, over all its sources.

    Raises:
        InputError: No store holds two runs of one dataset that differ.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; expected a folder")
    alarms, seen = [], []
    groups = [(store, *each) for store in map(Store, stores) for each in _systems(store, tell)]
    for store, dataset, systems in groups:
        for source, difference in _sources(store, systems, metric):
            tell(f"{dataset}, {len(difference):,} users: {source}")
            named = {"dataset": dataset, "source": source, "users": len(difference)}
            alarms.append(simulation.false_alarms(difference, comparisons).assign(**named))
            seen.append(simulation.power(difference, max(1, comparisons // 3)).assign(**named))
    if not alarms:
        raise InputError(f"{', '.join(map(str, stores))}: no two runs of one dataset differ in {metric}")
    found, power = pd.concat(alarms, ignore_index=True), pd.concat(seen, ignore_index=True)
    seeds = [row for store, dataset, systems in groups for row in _seeds(store, dataset, systems, metric)]
    rows = {"alarms.csv": found, "power.csv": power, "seeds.csv": pd.DataFrame(seeds)}
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, frame in rows.items():
            frame.to_csv(out / name, index=False)
        files = [*(out / name for name in rows), *plots.save(plots.power(power), out, "power")]
    for file in files:
        tell(f"wrote {file}")
    return (
        found.groupby(["dataset", "null", "test"], sort=False)["alarms"].agg(["count", "mean"]).reset_index()
    )


def _sources(store: Store, systems: dict[str, list[str]], metric: str) -> Iterator[tuple[str, np.ndarray]]:
    """Real differences: two repetitions of every system, and every system with the next by name."""
    twice = [(f"two repetitions of {name}", runs[:2]) for name, runs in systems.items() if len(runs) > 1]
    others = [(f"{one} and {two}", [systems[one][0], systems[two][0]]) for one, two in pairwise(systems)]
    for source, identities in twice + others:
        scores = store.scores(identities, [metric])[metric]
        difference = (scores[0] - scores[1]).to_numpy(dtype=float)
        if difference.any():
            yield source, difference


def _seeds(
    store: Store, dataset: str, systems: dict[str, list[str]], metric: str
) -> Iterator[dict[str, object]]:
    """Of every system whose runs differ: pairs of single runs, and the share of them with p < LEVEL."""
    for system, runs in systems.items():
        scores = store.scores(runs, [metric])[metric].to_numpy(dtype=float)
        pairs = [scores[:, one] - scores[:, two] for one, two in combinations(range(len(runs)), 2)]
        if any(difference.any() for difference in pairs):
            found = pd.Series([randomisation_test(difference) for difference in pairs])
            yield {
                "dataset": dataset,
                "system": system,
                "pairs": len(pairs),
                "alarms": (found < LEVEL).mean(),
            }


def _systems(store: Store, tell: Callable[[str], None]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Every dataset with the finished runs of each system, in the order of their repetitions.

    Damaged runs are left out; ``tell`` is told of them.

    Of runs of one name the one begun last stands for all; so does, of datasets of one name, such as one
    split by two seeds, the one run last: their users are not the same.
    """
    for identity in store.damaged():
        tell(f"{store.folder(identity)}: is damaged and left out; `intentbench run` does it again")
    finished = [(identity, run) for identity, run in store.runs().items() if run.status == "finished"]
    finished.sort(key=lambda each: each[1].started)
    last = {run.dataset: _drawn(run) for _, run in finished}
    runs = {
        (run.dataset, run.system, run.repetition): identity
        for identity, run in finished
        if _drawn(run) == last[run.dataset]
    }
    groups: dict[str, dict[str, list[str]]] = {}
    for (dataset, system, _), identity in sorted(runs.items()):
        groups.setdefault(dataset, {}).setdefault(system, []).append(identity)
    yield from groups.items()


def _drawn(run: RunRecord) -> tuple[Any, Any]:
    """What a run's dataset was made of."""
    return run.base_seed, run.dataset_plan
