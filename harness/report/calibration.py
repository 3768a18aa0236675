"""How reliable the marks are on the scores of a store: false marks, coverage, power, and single tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import InputError
from harness.evaluation.stats import simulation
from harness.evaluation.stats.null_tables import Draw, Spreads, false_marks, found_differences, regrouped
from harness.evaluation.stats.sample import Sample
from harness.report import plots
from harness.report.tables import csv_text
from harness.store.files import replaced, writing
from harness.store.record import RunRecord
from harness.store.store import Store

RUNS = (3, 5, 10)
"""How many runs the systems of a simulated table have."""

SYSTEMS = 10
"""How many systems a simulated table has."""

FEWEST_GROUPS = 4
"""The real runs of one system are dealt to so many systems at least, or not at all."""

MULTIPLES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""True differences of the power curve, as multiples of the one that is found with a chance of 80 %."""


def calibrate(
    stores: list[Path],
    metric: str,
    comparisons: int,
    out: Path,
    tell: Callable[[str], None],
    formats: Sequence[str] = ("png",),
) -> pd.DataFrame:
    """Simulate tables and comparisons with the scores of stores, and write what they show.

    Writes marks.csv (false marks and coverage in tables of equal systems), power.csv with a figure, and
    alarms.csv (single tests over users, which take the runs as they are).

    Args:
        stores: Folders of results.
        metric: The metric whose per-user values are used.
        comparisons: Simulated tables for each dataset and number of runs, and simulated comparisons for each
            pair of runs and null hypothesis. A third as many are simulated for each point of the power curve.
        out: Folder to write to.
        tell: Receives one line about every source and every file.
        formats: The formats in which the figure is written.

    Returns:
        The rows of marks.csv.

    Raises:
        InputError: No store holds two runs of one dataset that differ.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; expected a folder")
    marks, power, alarms = [], [], []
    for store, dataset, systems in [(one, *own) for one in map(Store, stores) for own in _systems(one, tell)]:
        sample = _sample(store, systems, metric)
        for runs, source, draw in _draws(sample):
            tell(f"{dataset}, {len(sample.users):,} users: tables of {runs} runs each, {source}")
            named = {"dataset": dataset, "source": source, "runs": runs}
            marks.append(false_marks(draw, comparisons).assign(**named))
            if source == SIMULATED:
                found = found_differences(draw, MULTIPLES, max(1, comparisons // 3))
                power.append(found.assign(**named))
        for source, difference in _differences(sample):
            tell(f"{dataset}: single tests, {source}")
            named = {"dataset": dataset, "source": source, "users": len(difference)}
            alarms.append(simulation.false_alarms(difference, comparisons).assign(**named))
    if not alarms:
        raise InputError(
            f"{', '.join(map(str, stores))}: no two runs of one dataset differ in {metric}; expected a store "
            "with two systems, or two repetitions of one, on the same dataset with two test users or more"
        )
    tables = {"marks": marks, "power": power, "alarms": alarms}
    frames = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items() if parts}
    _write(frames, out, tell, formats)
    return frames.get("marks", frames["alarms"])


def _write(
    frames: dict[str, pd.DataFrame], out: Path, tell: Callable[[str], None], formats: Sequence[str]
) -> None:
    """Write the tables and the figure, and tell about every file."""
    with writing(out):
        files = []
        for name, frame in frames.items():
            files.append(out / f"{name}.csv")
            with replaced(files[-1]) as unfinished:
                unfinished.write_text(csv_text(frame), encoding="utf-8")
        if "power" in frames:
            files += plots.save(plots.power(frames["power"]), out, "power", formats)
    for file in files:
        tell(f"wrote {file}")


SIMULATED = "simulated"
"""The source of tables whose scores are drawn from the spreads of real runs."""


def _draws(sample: Sample) -> Iterator[tuple[int, str, Draw]]:
    """Yield how tables of equal systems are drawn: number of runs, source, and the function that draws."""
    if len(sample.users) < 2 or all(_is_alike(values) for values in sample.scores.values()):
        return
    spreads = Spreads.of(sample)
    for runs in RUNS:
        yield runs, SIMULATED, partial(spreads.draw, SYSTEMS, runs)
    for name, values in sample.scores.items():
        for runs in RUNS:
            groups = min(SYSTEMS, values.shape[1] // runs)
            if groups >= FEWEST_GROUPS and not _is_alike(values):
                source = f"{values.shape[1]} real runs of {name}, dealt to {groups} systems"
                yield runs, source, partial(regrouped, values, groups, runs)


def _is_alike(values: np.ndarray) -> bool:
    """Whether all runs [U, R] have the same scores."""
    return bool((values == values[:, :1]).all())


def _sample(store: Store, systems: dict[str, list[str]], metric: str) -> Sample:
    """The scores of all runs of a dataset."""
    identities = [identity for runs in systems.values() for identity in runs]
    scores = store.scores(identities, [metric])[metric].set_axis(identities, axis=1)
    by_system = {name: scores[runs].to_numpy(dtype=float) for name, runs in systems.items()}
    alike = frozenset(name for name, values in by_system.items() if values.shape[1] > 1 and _is_alike(values))
    return Sample(scores.index, by_system, alike)


def _differences(sample: Sample) -> Iterator[tuple[str, np.ndarray]]:
    """Yield real per-user differences [U] that are not all 0, each with a description of its two runs.

    They are between two repetitions of every system, and between every system and the next in the order
    of their names. Datasets with one test user are left out.
    """
    scores = sample.scores
    repeated = [
        (f"two repetitions of {name}", own[:, 0], own[:, 1])
        for name, own in scores.items()
        if own.shape[1] > 1
    ]
    others = [(f"{one} and {two}", scores[one][:, 0], scores[two][:, 0]) for one, two in pairwise(scores)]
    for source, first, second in repeated + others:
        if len(first) > 1 and (first != second).any():  # one user has no standard deviation
            yield source, first - second


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
