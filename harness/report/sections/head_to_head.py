"""Any two systems of a table compared: by metric, by users of many and few train pairs, and user by user.

The rows are for CSV files and for the page, where a reader chooses the two systems.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from harness.evaluation.stats.sample import Sample
from harness.planning.parts import StrataPlan
from harness.report.evidence import Evidence
from harness.report.section import Section

USERS = 20
"""Users with the largest difference that are shown of each pair."""

TIED = 1e-9
"""Two scores of a user that are closer than this are a tie."""

DIGITS = 6
"""Decimals of the numbers in these files; they have a row for every pair."""


def head_to_head(evidence: Evidence) -> Section:
    """Compare every two systems of a dataset's table that are no grid points."""
    names = members(evidence)
    if len(names) < 2:
        return Section()
    pairs = list(combinations(names, 2))
    frames = {
        "compared": compared(evidence, pairs),
        "by-degree": by_degree(evidence, pairs),
        "users": most_different_users(evidence, pairs),
    }
    return Section(frames={name: frame for name, frame in frames.items() if not frame.empty})


def members(evidence: Evidence) -> list[str]:
    """The systems that can be compared, the best by the first metric shown first."""
    totals = evidence.samples[evidence.shown[0]].totals
    order = totals.sort_values(ascending=False, kind="stable").index
    return [str(name) for name in order if evidence.kinds[str(name)] != "grid point"]


def compared(evidence: Evidence, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Compare pairs of systems on every metric shown.

    Returns:
        ``dataset``, ``metric``, ``first``, ``second``, ``difference`` (of the means, first less second) with
        its 95 % interval ``low`` .. ``high``, its ``p``, and how many users each of the two serves better:
        ``first_wins``, ``ties``, ``second_wins``. ``p_holm`` and ``verdict`` (on the first) are those of
        pairs.csv, and empty for pairs that the leaderboard does not judge.
    """
    rows = [row for metric in evidence.shown for row in _compared_on(evidence, metric, pairs)]
    return _named(pd.DataFrame(rows), evidence)


def _compared_on(
    evidence: Evidence, metric: str, pairs: Sequence[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    sample, judged = evidence.samples[metric], _judged(evidence.pairs[metric])
    alike = sample.of(evidence.primary).first_alike
    means = {name: sample.means[name].to_numpy() for name in {name for pair in pairs for name in pair}}
    for first, second in pairs:
        by_user = means[first] - means[second]
        wins, losses = int((by_user > TIED).sum()), int((by_user < -TIED).sum())
        p_holm, verdict = judged.get((alike.get(first, ""), alike.get(second, "")), (np.nan, ""))
        estimate = sample.difference(first, second)
        low, high = estimate.interval()
        numbers = {"difference": estimate.value, "low": low, "high": high, "p": estimate.p}
        yield {"metric": metric, "first": first, "second": second, **numbers, "p_holm": p_holm} | {
            "verdict": verdict,
            "first_wins": wins,
            "ties": int((~np.isnan(by_user)).sum()) - wins - losses,
            "second_wins": losses,
        }


def _judged(pairs: pd.DataFrame) -> dict[tuple[str, str], tuple[float, str]]:
    """Holm's p and the verdict on the first system, for both orders of every pair that was judged."""
    turned = {"better": "worse"}
    judged = {}
    for row in pairs.itertuples():
        judged[row.first, row.second] = (row.p_holm, row.verdict)
        judged[row.second, row.first] = (row.p_holm, turned.get(row.verdict, row.verdict))
    return judged


def by_degree(evidence: Evidence, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Compare pairs of systems among users with few and with many train pairs, on the first metric shown.

    The strata are those of the plan, or five of about equally many users.

    Returns:
        ``dataset``, ``metric``, ``first``, ``second``, ``stratum``, ``users``, ``difference``, ``low`` and
        ``high``. Empty if the store lacks the users' train pairs.
    """
    metric = evidence.shown[0]
    sample = evidence.samples[metric]
    labels = evidence.user_strata(sample.users, evidence.plan.strata or StrataPlan(users="equal_users"))
    if labels is None:
        return pd.DataFrame()
    rows = []
    for label in labels.cat.categories:
        within = sample.among((labels == label).to_numpy())
        rows += [{"stratum": label, **row} for row in _differences(within, pairs)]
    return _named(pd.DataFrame(rows).assign(metric=metric), evidence)


def _differences(sample: Sample, pairs: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for first, second in pairs:
        estimate = sample.difference(first, second)
        low, high = estimate.interval()
        row = {"first": first, "second": second, "users": len(sample.users)}
        yield row | {"difference": estimate.value, "low": low, "high": high}


def most_different_users(evidence: Evidence, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """List the users whose scores differ most between two systems, on the first metric shown.

    Returns:
        ``dataset``, ``metric``, ``first``, ``second``, ``user``, ``train_pairs``, ``first_score`` and
        ``second_score``; the largest difference of a pair first, and the first users of equal ones.
    """
    metric, degrees = evidence.shown[0], evidence.degrees
    sample = evidence.samples[metric]
    users = sample.users.astype(str).to_numpy()
    known = (
        np.full(len(users), np.nan) if degrees is None else degrees.loc[sample.users].to_numpy(dtype=float)
    )
    means = {name: sample.means[name].to_numpy() for name in {name for pair in pairs for name in pair}}
    frames = []
    for first, second in pairs:
        size = np.nan_to_num(np.abs(means[first] - means[second]))
        chosen = np.argsort(-size, kind="stable")[:USERS]
        chosen = chosen[size[chosen] > TIED]
        frames.append(
            pd.DataFrame(
                {
                    "first": first,
                    "second": second,
                    "user": users[chosen],
                    "train_pairs": known[chosen],
                    "first_score": means[first][chosen],
                    "second_score": means[second][chosen],
                }
            )
        )
    return _named(pd.concat(frames, ignore_index=True).assign(metric=metric), evidence)


def _named(frame: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Add the dataset's name, and round."""
    if frame.empty:
        return frame
    ordered = frame[["metric", *(column for column in frame if column != "metric")]]
    p = {
        column: ordered[column].map(lambda value: float(f"{value:.4g}"))
        for column in ("p", "p_holm")
        if column in ordered
    }
    rounded = ordered.round(DIGITS).assign(**p)
    rounded.insert(0, "dataset", evidence.dataset.name)
    return rounded
