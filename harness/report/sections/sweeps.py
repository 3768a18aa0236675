"""Variants of a dataset side by side: densities, windows of time, twins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from harness.evaluation.stats.stratified import compare_in_each
from harness.evaluation.stats.swept import sweep_trends
from harness.planning.datasets import DatasetVariant
from harness.planning.plan import Plan
from harness.report import plots, tables
from harness.report.evidence import Evidence, Options, Section


def variants(
    plan: Plan, everything: Sequence[Evidence], rows: Sequence[pd.DataFrame], options: Options
) -> list[Section]:
    """Every dataset that stands in several variants: figures and seconds, and how gains change.

    Args:
        plan: The plan, which says what is a variant of what.
        everything: What the finished runs of each dataset say.
        rows: Rows of the datasets' leaderboards.
        options: Whether seconds and figures are shown.
    """
    families: dict[str, list[Evidence]] = {}
    for each in everything:
        families.setdefault(each.dataset.family, []).append(each)
    found = []
    for family, members in families.items():
        if len(members) > 1:
            frame = pd.concat(rows, ignore_index=True)
            frame = frame[frame["dataset"].isin([each.dataset.name for each in members])]
            found += [_side_by_side(plan, family, members, frame, options)]
            for name, mine in _alike(members, _whole):
                found.append(_by_density(name, mine, options))
            for name, mine in _alike(members, _at_any_time):
                found.append(_by_window(name, mine, frame, options))
    return found


def _whole(dataset: DatasetVariant) -> DatasetVariant:
    return dataset.model_copy(update={"density": 1.0})


def _at_any_time(dataset: DatasetVariant) -> DatasetVariant:
    return dataset.at_window(None)


def _alike(
    members: Sequence[Evidence], shared: Callable[[DatasetVariant], DatasetVariant]
) -> Iterator[tuple[str, list[Evidence]]]:
    """Members that differ by nothing but what ``shared`` takes away, under the name that is left."""
    groups: dict[str, list[Evidence]] = {}
    for each in members:
        name = shared(each.dataset).name
        groups.setdefault(name, []).append(each)
    yield from ((name, mine) for name, mine in groups.items() if len(mine) > 1)


def _side_by_side(
    plan: Plan, family: str, members: Sequence[Evidence], frame: pd.DataFrame, options: Options
) -> Section:
    first = plan.evaluation.show[0]
    cells = [(tables.title(metric), metric, "mean", ".4f") for metric in plan.evaluation.show]
    cells += [("Seconds a run", first, "seconds_s", ".1f")] if options.costs else []
    text = [f"## {family}, side by side"]
    for title, metric, column, form in cells:
        mine = frame[frame["metric"] == metric].sort_values("mean", ascending=False, kind="stable")
        text += [f"{title}:", tables.markdown(_crossed(mine, members, column, form))]
    return Section(text)


def _crossed(frame: pd.DataFrame, members: Sequence[Evidence], column: str, form: str) -> pd.DataFrame:
    """One row a system, one column a variant, in the order of ``members``."""
    labels = {member.dataset.name: member.dataset.label or "whole" for member in members}
    frame = frame.assign(dataset=frame["dataset"].map(labels)).rename(columns={"system": "System"})
    return tables.cross_table(frame, "System", "dataset", column, form, list(labels.values()))


def _by_density(name: str, members: Sequence[Evidence], options: Options) -> Section:
    """Curves over shares of the train pairs, and whether the gain over the backbone changes with them."""
    ascending = {
        each.dataset.density: each for each in sorted(members, key=lambda each: each.dataset.density)
    }
    labelled = {f"{100 * share:g}%": each for share, each in ascending.items()}
    section = _apart(name, labelled, "densities", options)
    metric = members[0].shown[0]
    references = _references(list(ascending.values()))
    trend = sweep_trends({share: each.tables[metric] for share, each in ascending.items()}, references)
    if trend.empty:
        return section
    section.markdown += [
        tables.markdown(tables.trends(trend)),
        f"Trend: change of a user's gain in {tables.title(metric)} with each doubling of the train pairs; "
        "sparsest - densest: a user's gain at the lowest density less that at the highest (one-sample t over "
        "users, who are the same at every density). 95 % intervals; p by Holm over both columns. Both speak "
        "of absolute gains.",
    ]
    section.frames["density-trends"] = trend.assign(dataset=name, metric=metric)
    return section


def _by_window(name: str, members: Sequence[Evidence], frame: pd.DataFrame, options: Options) -> Section:
    """Curves over windows of time, and what training cost in each."""
    windows = {each.dataset.split.window: each for each in members}
    section = _apart(name, {f"window {window}": each for window, each in windows.items()}, "windows", options)
    if options.figures and options.costs:
        metric = members[0].shown[0]
        costs = frame[frame["metric"] == metric].rename(columns={"seconds_s": "mean", "mean": "accuracy"})
        at = {each.dataset.name: window for window, each in windows.items()}
        costs = costs.assign(at=costs["dataset"].map(at)).dropna(subset=["at"])
        costs = costs.set_index("system").loc[_common(members), ["at", "mean"]].reset_index()
        costs = costs.sort_values("at", kind="stable")
        picture = f"window-costs-{name}"
        section.figures[picture] = plots.curves(costs, "window of time", "seconds a run", log=True)
        section.markdown.append(f"![Training cost over windows]({picture}.png)")
    return section


def _apart(name: str, by_label: Mapping[str, Evidence], kind: str, options: Options) -> Section:
    """Means and gains of the systems that every variant has, Holm over all variants."""
    metric = next(iter(by_label.values())).shown[0]
    references = _references(list(by_label.values()))
    common = _common(list(by_label.values()))
    found = compare_in_each(
        {label: each.tables[metric][common] for label, each in by_label.items()}, references
    )
    text = [
        f"### {kind.capitalize()} of {name}",
        tables.markdown(tables.strata(found)),
        f"{tables.title(metric)} with 95 % bootstrap intervals over users. Per cent: gain over the backbone. "
        "▲ better, ▼ worse: the paired randomisation test, seeds as they are, survives Holm at .05 "
        f"over {int(found['p_holm'].notna().sum())} tests.",
    ]
    rows = found.rename(columns={"stratum": "variant"}).assign(dataset=name, metric=metric)
    if not options.figures:
        return Section(text, frames={kind: rows})
    axis = {"densities": "share of the train pairs", "windows": "time"}[kind]
    figure = plots.sparsity(found, tables.title(metric), list(references) or common, axis)
    picture = f"{kind}-{name}"
    return Section([*text, f"![Curves]({picture}.png)"], frames={kind: rows}, figures={picture: figure})


def _common(members: Sequence[Evidence]) -> list[str]:
    """Systems that every variant has, in the order of the last."""
    return [name for name in members[-1].groups if all(name in each.groups for each in members)]


def _references(members: Sequence[Evidence]) -> dict[str, str]:
    """The backbone of every alignment, where both have run on every variant."""
    common = _common(members)
    backbones = {name: members[-1].backbone(name) for name in common}
    return {name: own for name, own in backbones.items() if own in common}
