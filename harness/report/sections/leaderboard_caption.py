"""How to read a leaderboard: what its numbers are, what was tested, and what more runs would decide."""

from __future__ import annotations

import numpy as np
import pandas as pd

from harness.evaluation.stats.estimate import LEVEL
from harness.report import tables
from harness.report.evidence import Evidence
from harness.report.sections.tuning import budget

_REFIT = (
    "After early stopping every system was trained anew on train and validation pairs, for as many epochs as "
    "were best on the validation pairs."
)
_COSTS = (
    "Costs (the memory is that of the whole process) and parameters are medians over runs. CPU seconds are "
    "those of all threads, of one run and, if it had one, of the search for its hyper-parameters."
)


def caption(evidence: Evidence, comparison: pd.DataFrame, has_letters: bool) -> str:
    """Say how to read the table, and what was compared with what."""
    users = len(evidence.samples[evidence.shown[0]].users)
    parts = [
        _numbers(evidence, users),
        drawn_users(evidence),
        _verdicts(evidence, comparison),
        "Systems that share a letter do not differ significantly." if has_letters else "",
        _undecided(evidence),
        _seeds(evidence),
        budget(evidence.plan),
        _REFIT if evidence.plan.training.refit else "",
        _COSTS,
    ]
    if users == 1:
        parts.insert(1, "Only 1 user is tested, so intervals and tests say nothing about other users.")
    return " ".join(part for part in parts if part)


def drawn_users(evidence: Evidence) -> str:
    """Say how many users were drawn to be tested, and from how many. Empty if all were tested."""
    most = evidence.plan.evaluation.users
    totals = sorted(
        {
            record.drawn_from["test"]
            for records in evidence.records.values()
            for record in records
            if record.drawn_from
        }
    )
    if most is None or not totals or totals[-1] <= most:
        return ""
    whole = f"{totals[0]:,}" + (f" to {totals[-1]:,}" if totals[-1] > totals[0] else "")
    split = "the split" if len(evidence.splits) == 1 else "each split"
    return (
        f"Only {most:,} of the {whole} users with test pairs are tested. They were drawn at random from the "
        f"seed of {split}, and are the same for all systems and repetitions. Validation draws as many users, "
        "in the same order."
    )


def from_elsewhere(evidence: Evidence) -> str:
    """Say what is different about systems that were trained elsewhere. Empty if there are none."""
    names = [name for name, spec in evidence.specs.items() if spec.is_external]
    if not names:
        return ""
    were, they = ("was", "It") if len(names) == 1 else ("were", "They")
    return (
        f"{', '.join(map(tables.escape_markdown, names))} (external) {were} trained elsewhere. {they} {were} "
        "tested here like every system, and not tuned here; costs are those that the plan states, if any."
    )


def _numbers(evidence: Evidence, users: int) -> str:
    runs = sorted({len(identities) for identities in evidence.groups.values()})
    repetitions = tables.counted(runs[-1], "repetition")
    if len(runs) > 1:
        repetitions = f"{runs[0]} to {repetitions}"
    if len(evidence.splits) > 1:
        return _of_splits(len(evidence.splits), users, repetitions.replace("repetition", "run"))
    return (
        f"Means over {tables.counted(users, 'test user')} and {repetitions}; the best mean is bold, the "
        "second best underlined. The 95 % intervals in brackets allow for other users and other seeds; a "
        "system that depends on its seed and ran once has none."
    )


def _of_splits(splits: int, users: int, runs: str) -> str:
    return (
        f"Means over {splits} independent splits ({tables.counted(users, 'test user')} in all, {runs} a "
        "system); the best mean is bold, the second best underlined. The 95 % intervals in brackets allow "
        "for other users, other splits and other seeds. Splits share train pairs, which the variance between "
        "splits allows for (Nadeau and Bengio 2003)."
    )


def _verdicts(evidence: Evidence, comparison: pd.DataFrame) -> str:
    """Say which system is the best baseline, and what the verdicts mean."""
    tested = comparison.dropna(subset=["baseline"]).drop_duplicates("metric")
    if tested.empty:
        return "There is no baseline to compare with, so there are no gains and no tests against one."
    best = ", ".join(
        f"{tables.escape_markdown(row.baseline)} on {tables.title(row.metric)}" for row in tested.itertuples()
    )
    grid = " (grid points aside)" if evidence.plan.grid else ""
    pairs = tables.counted(len(evidence.pairs[evidence.shown[0]]), "pair")
    others = (
        " Ablations, text controls and grid points have no verdict here; each kind is a family of its own in "
        "a section below."
    )
    smallest = f"{evidence.plan.smallest_effect}"
    smallest += " of the best baseline" if evidence.plan.smallest_effect.is_share else ""
    others = others if len(evidence.primary) < len(evidence.groups) else ""
    return (
        f"Gain and p are for {tables.title(evidence.shown[0])} against the best baseline ({best}), which is "
        f"the system without IRLLRec{grid} that has the highest mean in this table. The p allows for what "
        "the intervals allow for (a t-test whose variance is the sum of all parts), with Holm's correction "
        f"over all {pairs} of systems, because the best baseline is chosen by the numbers in this table; "
        f"each metric is a family of its own. The verdict is better (▲) or worse (▼) where p < {LEVEL:g}. "
        f"It is equal (=) if the difference is significantly smaller than {smallest} "
        f"({evidence.smallest_of(evidence.shown[0]):.4f}), and undecided otherwise.{others}"
    )


def _undecided(evidence: Evidence) -> str:
    """Say how small a difference can be seen, and what would decide the smallest effect."""
    pairs = evidence.pairs[evidence.shown[0]]
    detectable = pairs["detectable"].dropna()
    if detectable.empty:  # with one system, one user or one run there is none
        return ""
    seen = (
        f"A true difference of {detectable.median():.4f} (median over pairs) would have been found with a "
        "chance of 80 %."
    )
    best = evidence.best_baseline(evidence.shown[0])
    of_best = pairs[(pairs["first"] == best) | (pairs["second"] == best)]
    undecided = of_best[of_best["verdict"] == "undecided"]
    if undecided.empty:
        return seen
    unit = "runs of each system" if len(evidence.splits) == 1 else "splits"
    return f"{seen} {_what_it_takes(undecided, evidence.smallest_of(evidence.shown[0]), unit)}"


def _what_it_takes(undecided: pd.DataFrame, smallest: float, runs_or_splits: str) -> str:
    """Say how many runs or users would show the smallest effect, for the median undecided pair."""
    runs, users = (float(undecided[f"{unit}_needed"].median()) for unit in ("runs", "users"))
    enough = [
        f"{count:,.0f} {unit}"
        for count, unit in ((runs, runs_or_splits), (users, "test users"))
        if np.isfinite(count)
    ]
    to_see = f"To find a difference of {smallest:.4f} as surely, the undecided systems"
    if not enough:
        return f"{to_see} need more of both."
    return f"{to_see} need about {' or '.join(enough)} (median)."


def _seeds(evidence: Evidence) -> str:
    """Advise more repetitions where seeds spread more than users."""
    pairs = evidence.pairs[evidence.shown[0]]
    enough = 5 if len(evidence.splits) > 1 else 10
    most = max(sample.shape[1] for sample in evidence.samples[evidence.shown[0]].scores.values())
    if most >= enough or not (pairs["seeds_share"] > 0.5).any():
        return ""
    count = int((pairs["seeds_share"] > 0.5).sum())
    if len(evidence.splits) > 1:
        source, advice = "splits and seeds", "five splits"
    else:
        source, advice = "seeds", "ten repetitions"
    return (
        f"In {count} of {tables.counted(len(pairs), 'pair')} more of the variance comes from {source} than "
        f"from users: {advice} or more are advised."
    )
