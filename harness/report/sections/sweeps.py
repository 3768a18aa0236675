"""Variants of a dataset side by side: densities, windows of time, and duplicate items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from harness.evaluation.stats.smallest import SmallestEffect
from harness.evaluation.stats.stratified import compare_in_each
from harness.evaluation.stats.swept import sweep_trends
from harness.evaluation.stats.these_runs import with_tests_in_each
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import Plan
from harness.report import plots, tables
from harness.report.evidence import Evidence
from harness.report.section import Options, Section


def variants(
    plan: Plan, datasets: Sequence[Evidence], rows: Sequence[pd.DataFrame], options: Options
) -> list[Section]:
    """Compare the variants of every dataset that has several: their numbers, and how gains change.

    Args:
        plan: The plan of the report.
        datasets: The finished runs of each dataset.
        rows: Rows of the leaderboards of these datasets.
        options: Whether seconds and figures are shown.
    """
    families: dict[str, list[Evidence]] = {}
    for evidence in datasets:
        families.setdefault(evidence.dataset.family, []).append(evidence)
    sections = []
    for family, members in families.items():
        if len(members) > 1:
            frame = tables.stacked(rows)
            frame = frame[frame["dataset"].isin([each.dataset.name for each in members])]
            sections.append(_side_by_side(plan, family, members, frame, options))
            for name, alike in _groups(members, _without_density):
                sections.append(_by_density(name, alike, options))
            for name, alike in _groups(members, _without_window):
                sections.append(_by_window(name, alike, frame, options))
    return sections


def _without_density(dataset: DatasetVariant) -> DatasetVariant:
    return dataset.model_copy(update={"density": 1.0})


def _without_window(dataset: DatasetVariant) -> DatasetVariant:
    return dataset.at_window(None)


def _groups(
    members: Sequence[Evidence], without: Callable[[DatasetVariant], DatasetVariant]
) -> Iterator[tuple[str, list[Evidence]]]:
    """Yield the groups of variants that differ only in what ``without`` takes away, each with its name."""
    groups: dict[str, list[Evidence]] = {}
    for evidence in members:
        name = without(evidence.dataset).name
        groups.setdefault(name, []).append(evidence)
    yield from ((name, alike) for name, alike in groups.items() if len(alike) > 1)


def _side_by_side(
    plan: Plan, family: str, members: Sequence[Evidence], frame: pd.DataFrame, options: Options
) -> Section:
    """Show each metric, and the seconds of a run, with one column per variant."""
    first = plan.evaluation.show[0]
    shown = [(tables.title(metric), metric, "mean", ".4f") for metric in plan.evaluation.show]
    shown += [("Seconds a run", first, "seconds_s", ".1f")] if options.costs else []
    text = [f"## {tables.escape_markdown(family)}, side by side"]
    for title, metric, column, form in shown:
        rows = frame[frame["metric"] == metric].sort_values("mean", ascending=False, kind="stable")
        text += [f"{title}:", tables.markdown(_by_variant(rows, members, column, form))]
    return Section(text)


def _by_variant(frame: pd.DataFrame, members: Sequence[Evidence], column: str, form: str) -> pd.DataFrame:
    """Make a table with one row per system and one column per variant, in the order of ``members``."""
    labels = {member.dataset.name: member.dataset.label or "whole" for member in members}
    frame = frame.assign(dataset=frame["dataset"].map(labels)).rename(columns={"system": "System"})
    return tables.cross_table(frame, "System", "dataset", column, form, list(labels.values()))


def _by_density(name: str, members: Sequence[Evidence], options: Options) -> Section:
    """Show gains at each density, and test whether a gain over the backbone depends on the density."""
    ascending = {
        each.dataset.density: each for each in sorted(members, key=lambda each: each.dataset.density)
    }
    labelled = {f"{100 * share:g}%": each for share, each in ascending.items()}
    section = _in_each(name, labelled, "densities", options)
    metric = members[0].shown[0]
    references = _references(list(ascending.values()))
    trend = sweep_trends({share: each.samples[metric] for share, each in ascending.items()}, references)
    if trend.empty:
        return section
    section.markdown += [
        tables.markdown(tables.trends(trend)),
        f"The trend is the change of a user's gain in {tables.title(metric)} with each doubling of the "
        "train pairs. Sparsest - densest is a user's gain at the lowest density minus the gain at the "
        "highest. Users and repetitions are the same at every density, and the test allows for others. Gains "
        "are absolute, not in per cent; brackets hold 95 % intervals, and p has Holm's correction over both "
        "columns.",
    ]
    section.frames["density-trends"] = trend.assign(dataset=name, metric=metric)
    return section


def _by_window(name: str, members: Sequence[Evidence], frame: pd.DataFrame, options: Options) -> Section:
    """Show gains in each window of time, and the seconds that training took in each."""
    windows = {each.dataset.split.window: each for each in members}
    labelled = {f"window {window}": each for window, each in windows.items()}
    section = _in_each(name, labelled, "windows", options)
    if options.figures and options.costs:
        metric = members[0].shown[0]
        costs = frame[frame["metric"] == metric].rename(columns={"seconds_s": "mean", "mean": "accuracy"})
        window_of = {each.dataset.name: window for window, each in windows.items()}
        costs = costs.assign(at=costs["dataset"].map(window_of)).dropna(subset=["at"])
        costs = costs.set_index("system").loc[_common(members), ["at", "mean"]].reset_index().dropna()
        costs = costs.sort_values("at", kind="stable")
        figure_name = f"window-costs-{name}"
        section.figures[figure_name] = plots.curves(
            costs, "window of time", "seconds per run", log=True, looks=members[0].looks
        )
        section.markdown.append(f"![Training cost over windows]({figure_name}.png)")
    return section


def _in_each(name: str, by_label: Mapping[str, Evidence], kind: str, options: Options) -> Section:
    """Show means and gains of the systems that all variants have, with Holm over all variants.

    Args:
        name: Name of the group of variants.
        by_label: The variants by their labels, in order.
        kind: ``densities`` or ``windows``.
        options: Whether figures are shown.
    """
    members = list(by_label.values())
    common, metric = _common(members), members[0].shown[0]
    heading = f"### {kind.capitalize()} of {tables.escape_markdown(name)}"
    if not common:
        return Section([heading, "No system has finished runs in all of these variants."])
    references = _references(members)
    samples = {label: evidence.samples[metric].of(common) for label, evidence in by_label.items()}
    comparison = compare_in_each(samples, references, members[0].plan.smallest_effect)
    caption = _caption(comparison, metric, members[0].plan.smallest_effect)
    text = [heading, tables.markdown(tables.strata(comparison)), caption]
    rows = with_tests_in_each(comparison, samples).rename(columns={"stratum": "variant"})
    rows = rows.assign(dataset=name, metric=metric)
    if not options.figures:
        return Section(text, frames={kind: rows})
    axis = {"densities": "share of the train pairs", "windows": "time"}[kind]
    gaining, looks = list(references) or common, members[0].looks
    figure = plots.sparsity(comparison, tables.title(metric), gaining, axis, looks)
    figure_name = f"{kind}-{name}"
    text.append(f"![Curves]({figure_name}.png)")
    return Section(text, frames={kind: rows}, figures={figure_name: figure})


def _caption(comparison: pd.DataFrame, metric: str, smallest: SmallestEffect) -> str:
    text = f"The numbers are {tables.title(metric)}."
    if comparison["p_holm"].isna().all():
        return f"{text} {tables.INTERVALS}"
    return (
        f"{text} The per cents are gains over the system's backbone. ▲ marks a better, ▼ a worse and = an "
        f"equal system. {tables.tested(comparison, smallest)}"
    )


def _common(members: Sequence[Evidence]) -> list[str]:
    """Return the systems that all variants have, in the order of the last."""
    return [name for name in members[-1].groups if all(name in each.groups for each in members)]


def _references(members: Sequence[Evidence]) -> dict[str, str]:
    """Return the backbone of every system with an alignment, if all variants have both."""
    common = _common(members)
    backbones = {name: members[-1].backbone(name) for name in common}
    return {name: backbone for name, backbone in backbones.items() if backbone in common}
