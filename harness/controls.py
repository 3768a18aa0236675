"""Whether text systems beat their own controls, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from statsmodels.stats.multitest import multipletests

from harness.stats.paired import LEVEL
from harness.stats.randomisation import randomisation_test

NOISE = "text=noise:"
"""How a control begins that replaces a share of the rows only."""


def sentences(
    users: pd.DataFrame, metric: str, title: str, controls: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """For each text system, whether it beats itself with other rows; for noise, what is left.

    Paired randomisation tests by user, Holm over all of them; to beat is to be significantly better.

    Args:
        users: Columns ``system``, ``user`` and ``metric``, averaged over repetitions.
        metric: The metric compared.
        title: The metric as a reader knows it.
        controls: For each system the name of each of its controls, by the control.
    """
    wide = users.pivot(index="user", columns="system", values=metric)
    rows = [
        {
            "system": system,
            "control": control,
            "gain": 100.0 * (wide[system].mean() / wide[name].mean() - 1.0),
            "left": wide[name].mean() / wide[system].mean(),
            "p": randomisation_test((wide[system] - wide[name]).to_numpy()),
        }
        for system, named in controls.items()
        for control, name in named.items()
        if {system, name} <= set(wide.columns)
    ]
    if not rows:
        return []
    frame = pd.DataFrame(rows)
    frame["p"] = multipletests(frame["p"], method="holm")[1]
    noisy = frame["control"].str.startswith(NOISE)
    return [
        *(_verdict(system, title, part) for system, part in frame[~noisy].groupby("system", sort=False)),
        *(_robustness(system, title, part) for system, part in frame[noisy].groupby("system", sort=False)),
    ]


def _verdict(system: str, title: str, rows: pd.DataFrame) -> str:
    beaten = (rows["gain"] > 0) & (rows["p"] < LEVEL)
    verb = "beats its own controls" if beaten.all() else "does not beat its own controls"
    if beaten.any() and not beaten.all():
        verb = "beats only some of its own controls"
    cells = ", ".join(f"{row.control} {row.gain:+.1f} % ({_p(row.p)})" for row in rows.itertuples())
    return f"{system} {verb} on {title}: ahead of {cells}."


def _robustness(system: str, title: str, rows: pd.DataFrame) -> str:
    cells = ", ".join(
        f"{row.left:.1%} with {float(row.control.removeprefix(NOISE)):.0%} ({_p(row.p)})"
        for row in rows.itertuples()
    )
    return f"{system} keeps of its {title} when a share of its text rows is replaced: {cells}."


def _p(value: float) -> str:
    return "p < .001" if value < 0.001 else "p " + f"{value:.3f}".lstrip("0")
