"""Whether the tests keep their promises on a store's own scores: false alarms and power."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd

from harness import InputError, plots
from harness.stats import simulation
from harness.store import Store


def calibrate(
    stores: list[Path], metric: str, comparisons: int, out: Path, tell: Callable[[str], None]
) -> pd.DataFrame:
    """Simulate comparisons on the stores' differences; write alarms.csv, power.csv and a figure to ``out``.

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
    alarms, seen = [], []
    for dataset, source, difference in _sources(stores, metric):
        tell(f"{dataset}, {len(difference):,} users: {source}")
        named = {"dataset": dataset, "source": source, "users": len(difference)}
        alarms.append(simulation.false_alarms(difference, comparisons).assign(**named))
        seen.append(simulation.power(difference, max(1, comparisons // 3)).assign(**named))
    if not alarms:
        raise InputError(f"{', '.join(map(str, stores))}: no two runs of one dataset differ in {metric}")
    out.mkdir(parents=True, exist_ok=True)
    found, power = pd.concat(alarms, ignore_index=True), pd.concat(seen, ignore_index=True)
    found.to_csv(out / "alarms.csv", index=False)
    power.to_csv(out / "power.csv", index=False)
    files = [out / "alarms.csv", out / "power.csv", *plots.save(plots.power(power), out, "power")]
    for file in files:
        tell(f"wrote {file}")
    return (
        found.groupby(["dataset", "null", "test"], sort=False)["alarms"].agg(["count", "mean"]).reset_index()
    )


def _sources(stores: list[Path], metric: str) -> Iterator[tuple[str, str, pd.Series]]:
    """Real differences: two repetitions of every system, and every system with the next by name."""
    for root in stores:
        store, runs = Store(root), _runs(Store(root))
        for dataset in sorted({key[0] for key in runs}):
            systems: dict[str, list[str]] = {}
            for (place, system, _), identity in sorted(runs.items()):
                if place == dataset:
                    systems.setdefault(system, []).append(identity)
            twice = [
                (f"two repetitions of {name}", each[:2]) for name, each in systems.items() if len(each) > 1
            ]
            others = [
                (f"{one} and {two}", [systems[one][0], systems[two][0]]) for one, two in pairwise(systems)
            ]
            for source, identities in twice + others:
                scores = store.scores(identities, [metric])[metric]
                difference = scores[0] - scores[1]
                if difference.any():
                    yield dataset, source, difference.to_numpy(dtype=float)


def _runs(store: Store) -> dict[tuple[str, str, int], str]:
    """Finished runs by dataset, system and repetition; of several the one begun last."""
    records = {identity: store.record(identity) for identity in store.identities()}
    finished = [each for each in records.items() if each[1]["status"] == "finished"]
    finished.sort(key=lambda each: each[1]["started"])
    return {(r["dataset"], r["system"], r["repetition"]): identity for identity, r in finished}
