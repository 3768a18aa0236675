"""Sentences that say whether systems with text beat their own controls, and systems without text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from harness.evaluation.stats.comparison import with_verdicts
from harness.evaluation.stats.sample import Sample
from harness.evaluation.stats.smallest import SmallestEffect
from harness.report import tables
from harness.report.evidence import Evidence
from harness.report.section import Section
from harness.report.sections.unchanged import unchanged_systems

FAMILY = (
    "The p of these sentences allow for other users and other seeds, with Holm's correction over all "
    "comparisons with text controls and with systems without text, which are a family of their own."
)

NOISE = "text=noise:"
"""Beginning of a control that replaces only a share of the text rows."""


def control_verdicts(evidence: Evidence) -> Section:
    """Compare each system with text with its controls and its backbone, on the first metric shown."""
    metric = evidence.shown[0]
    frame = judged_by_controls(evidence)
    written = sentences(frame, tables.title(metric))
    if not written:
        return Section()
    rows = frame.assign(metric=metric)
    rows.insert(0, "dataset", evidence.dataset.name)
    return Section([*written, FAMILY], frames={"controls": rows})


def judged_by_controls(evidence: Evidence) -> pd.DataFrame:
    """Test each system with text against its controls and its backbone, on the first metric shown."""
    controls: dict[str, dict[str, str]] = {}
    for control, system in unchanged_systems(evidence, "text").items():
        controls.setdefault(system, {})[f"text={evidence.specs[control].text}"] = control
    without_text = {system: _without_text(evidence, system) for system in controls}
    sample = evidence.samples[evidence.shown[0]]
    return judged(sample, evidence.plan.smallest_effect, controls, without_text)


def _without_text(evidence: Evidence, system: str) -> list[str]:
    """Return the backbone, and the backbone with as many parameters, if they have finished runs."""
    return [name for name in (evidence.backbone(system), evidence.equal_size(system)) if name]


def judged(
    sample: Sample,
    smallest: SmallestEffect,
    controls: Mapping[str, Mapping[str, str]],
    without_text: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Test each system with text against its controls and systems without text: one family of tests.

    Args:
        sample: The scores of all runs on one metric.
        smallest: Differences below it count as none.
        controls: For each system with text, the name of the system under each of its controls.
        without_text: For each system with text, its backbone and the backbone with as many parameters.

    Returns:
        One row for each test: ``kind``, ``system`` (with text), ``name`` and ``other`` (the two that are
        compared), ``control``, ``mean``, ``other_mean``, ``difference``, ``low``, ``high``, ``p``,
        ``p_equal``, and the columns of ``stats.comparison.with_verdicts``.
    """
    comparisons = [
        row for row in _comparisons(controls, without_text) if {row[2], row[3]} <= set(sample.scores)
    ]
    frame = pd.DataFrame(comparisons, columns=["kind", "system", "name", "other", "control"])
    frame["mean"], frame["other_mean"] = (
        sample.totals[frame[column]].to_numpy() for column in ("name", "other")
    )
    pairs = zip(frame["name"], frame["other"], strict=True)
    estimates = [sample.difference(one, other) for one, other in pairs]
    margins = map(smallest.beside, frame["other_mean"])
    intervals = [estimate.interval() for estimate in estimates]
    return with_verdicts(
        frame.assign(
            difference=[estimate.value for estimate in estimates],
            low=[low for low, _ in intervals],
            high=[high for _, high in intervals],
            p=[estimate.p for estimate in estimates],
            p_equal=[estimate.p_equal(margin) for estimate, margin in zip(estimates, margins, strict=True)],
        )
    )


def sentences(frame: pd.DataFrame, title: str) -> list[str]:
    """Write, for each system with text, how it compares with its controls and with systems without text.

    To beat another system is to be significantly better, after Holm's correction over all comparisons of this
    section. A control that is worse than the system without text is
    reported too: whoever beats such a control has shown that wrong text harms, but not that right text helps.

    Args:
        frame: From :func:`judged`.
        title: Title of the metric.
    """
    write_of_kind = {"control": _verdict, "noise": _robustness, "without": _beside, "harm": _harm}
    written = [
        write(tables.escape_markdown(system), title, rows)
        for kind, write in write_of_kind.items()
        for system, rows in frame[frame["kind"] == kind].groupby("system", sort=False)
    ]
    return [sentence for sentence in written if sentence]


def _comparisons(
    controls: Mapping[str, Mapping[str, str]], without_text: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield kind of comparison, system with text, the two systems compared, and the control, if any."""
    for system, names in controls.items():
        for control, name in names.items():
            if control.startswith(NOISE):
                yield "noise", system, system, name, control
                continue
            yield "control", system, system, name, control
            for other in without_text.get(system, ())[:1]:
                yield "harm", system, name, other, control
        for other in without_text.get(system, ()):
            yield "without", system, system, other, ""


def _verdict(system: str, title: str, rows: pd.DataFrame) -> str:
    beaten = rows["verdict"] == "better"
    verb = "beats its own controls" if beaten.all() else "does not beat its own controls"
    if beaten.any() and not beaten.all():
        verb = "beats only some of its own controls"
    return f"{system} {verb} on {title}. Its gain is {_gains(rows, 'control')}."


def _robustness(system: str, title: str, rows: pd.DataFrame) -> str:
    kept = []
    for row in rows.to_dict("records"):
        share = float(row["control"].removeprefix(NOISE))
        kept.append(f"{_share_kept(row)} with {share:.0%} replaced ({tables.p_value(row['p_holm'])})")
    return (
        f"{system} with a share of its text rows replaced by other rows keeps this much of its {title}: "
        f"{', '.join(kept)}."
    )


def _share_kept(row: Mapping[str, float]) -> str:
    return f"{row['other_mean'] / row['mean']:.1%}" if row["mean"] else f"{row['other_mean']:.4f} (from 0)"


def _beside(system: str, title: str, rows: pd.DataFrame) -> str:
    return f"{system} compared with systems without text on {title}: its gain is {_gains(rows, 'other')}."


def _harm(system: str, title: str, rows: pd.DataFrame) -> str:
    worse = rows[rows["verdict"] == "worse"]
    if worse.empty:
        return ""
    other = tables.escape_markdown(worse["other"].iloc[0])
    return (
        f"Wrong text makes {system} worse than {other}, which has none: the gain over it is "
        f"{_changes(worse, 'control')}. To beat such a control shows that wrong text harms, not that right "
        "text helps."
    )


def _gains(rows: pd.DataFrame, column: str) -> str:
    """List the gains over the systems in a column."""
    return ", ".join(
        f"{_gain(row)} over {tables.escape_markdown(row[column])} ({tables.p_value(row['p_holm'])})"
        for row in rows.to_dict("records")
    )


def _changes(rows: pd.DataFrame, column: str) -> str:
    """List the gains of the systems in a column."""
    return ", ".join(
        f"{_gain(row)} with {tables.escape_markdown(row[column])} ({tables.p_value(row['p_holm'])})"
        for row in rows.to_dict("records")
    )


def _gain(row: Mapping[str, float]) -> str:
    """Format a gain in per cent; if the other system reaches 0, the gain itself."""
    if row["other_mean"]:
        return f"{100.0 * (row['mean'] / row['other_mean'] - 1.0):+.1f} %"
    return f"+{row['mean']:.4f} (from 0)" if row["mean"] else "0 (both reach 0)"
