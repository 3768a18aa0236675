"""Whether text systems beat their own controls, and systems without text, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from harness.evaluation.stats.comparison import holm
from harness.evaluation.stats.paired import LEVEL
from harness.evaluation.stats.randomisation import randomisation_test
from harness.report import tables
from harness.report.evidence import Evidence, Section, wholes
from harness.store.columns import SYSTEM, USER

NOISE = "text=noise:"
"""How a control begins that replaces a share of the rows only."""


def on_controls(evidence: Evidence) -> Section:
    """Whether each text system beats its own controls and its backbone, on the first metric shown."""
    found: dict[str, dict[str, str]] = {}
    for control, whole in wholes(evidence, "text").items():
        found.setdefault(whole, {})[f"text={evidence.specs[control].text}"] = control
    without = {system: _without_text(evidence, system) for system in found}
    metric = evidence.shown[0]
    return Section(sentences(evidence.users, metric, tables.title(metric), found, without))


def _without_text(evidence: Evidence, system: str) -> list[str]:
    """The backbone, and the backbone of equal size, as far as they have run."""
    spec = evidence.specs[system]
    if not spec.alignment:
        return []
    wide = replace(spec.bare, start=None, capacity=spec.alignment)
    return [each.name for each in (spec.bare, wide) if each.name in evidence.groups]


def sentences(
    users: pd.DataFrame,
    metric: str,
    title: str,
    controls: Mapping[str, Mapping[str, str]],
    without: Mapping[str, Sequence[str]],
) -> list[str]:
    """For each text system, whether it beats itself with other rows; for noise, what is left.

    Then how it stands beside systems without text, and whether its controls do worse than these: who
    beats a control that does has shown that wrong text harms, and not yet that right text helps.
    Paired randomisation tests by user, Holm over all of them; to beat is to be significantly better.

    Args:
        users: Columns ``system``, ``user`` and ``metric``, averaged over repetitions.
        metric: The metric compared.
        title: The metric as a reader knows it.
        controls: For each system the name of each of its controls, by the control.
        without: For each system what it is beside without text: its backbone, one of equal size.
    """
    wide = users.pivot(index=USER, columns=SYSTEM, values=metric)
    pairs = [pair for pair in _pairs(controls, without) if {pair[2], pair[3]} <= set(wide.columns)]
    if not pairs:
        return []
    frame = pd.DataFrame(pairs, columns=["kind", "system", "name", "other", "control"])
    means, compared = wide.mean(), list(zip(frame["name"], frame["other"], strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        frame["gain"] = [100.0 * (means[one] / means[two] - 1.0) for one, two in compared]
    frame["p"] = holm(
        np.array([randomisation_test((wide[one] - wide[two]).to_numpy()) for one, two in compared])
    )
    told = {"control": _verdict, "noise": _robustness, "without": _beside, "harm": _harm}
    return [
        line
        for kind, tell in told.items()
        for system, rows in frame[frame["kind"] == kind].groupby("system", sort=False)
        if (line := tell(system, title, rows))
    ]


def _pairs(
    controls: Mapping[str, Mapping[str, str]], without: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, str, str, str]]:
    """What is asked, of which system, the two that are compared, and the control if there is one."""
    for system, named in controls.items():
        for control, name in named.items():
            yield ("noise" if control.startswith(NOISE) else "control"), system, system, name, control
            if not control.startswith(NOISE):
                yield from (("harm", system, name, other, control) for other in without.get(system, ())[:1])
        yield from (("without", system, system, other, "") for other in without.get(system, ()))


def _verdict(system: str, title: str, rows: pd.DataFrame) -> str:
    beaten = (rows["gain"] > 0) & (rows["p"] < LEVEL)
    verb = "beats its own controls" if beaten.all() else "does not beat its own controls"
    if beaten.any() and not beaten.all():
        verb = "beats only some of its own controls"
    return f"{system} {verb} on {title}: ahead of {_cells(rows, 'control')}."


def _robustness(system: str, title: str, rows: pd.DataFrame) -> str:
    shares = [float(control.removeprefix(NOISE)) for control in rows["control"]]
    cells = ", ".join(
        f"{1.0 / (1.0 + gain / 100.0):.1%} with {share:.0%} ({tables.p_value(p)})"
        for gain, share, p in zip(rows["gain"], shares, rows["p"], strict=True)
    )
    return f"{system} keeps of its {title} when a share of its text rows is replaced: {cells}."


def _beside(system: str, title: str, rows: pd.DataFrame) -> str:
    return f"{system} beside systems without text: {_cells(rows, 'other')} {title}."


def _harm(system: str, title: str, rows: pd.DataFrame) -> str:
    worse = rows[(rows["gain"] < 0) & (rows["p"] < LEVEL)]
    if worse.empty:
        return ""
    other = worse["other"].iloc[0]
    return (
        f"Wrong text makes {system} worse than {other}, which has none ({_cells(worse, 'control')}): being "
        "ahead of such a control shows that wrong text harms, not that right text helps."
    )


def _cells(rows: pd.DataFrame, label: str) -> str:
    return ", ".join(
        f"{row[label]} {_gain(row['gain'])} ({tables.p_value(row['p'])})" for _, row in rows.iterrows()
    )


def _gain(percent: float) -> str:
    return f"{percent:+.1f} %" if np.isfinite(percent) else "at 0"
