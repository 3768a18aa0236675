"""Published numbers beside ours."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.report import published, tables
from harness.report.evidence import Evidence
from harness.report.section import Section


def our_means(datasets: Sequence[Evidence]) -> pd.DataFrame:
    """Return the means of every run: ``dataset``, ``system`` and a column for each metric."""
    return pd.concat(
        [
            evidence.run_means.loc[runs].assign(system=name, dataset=evidence.dataset.name)
            for evidence in datasets
            for name, runs in evidence.groups.items()
        ],
        ignore_index=True,
    )


def beside_published(numbers: pd.DataFrame, ours: pd.DataFrame, dataset: str) -> Section:
    """Show the published numbers of one dataset beside our means, and name those that have no counterpart.

    Args:
        numbers: From ``published.read``.
        ours: From :func:`our_means`.
        dataset: Name of the dataset.
    """
    numbers, ours = numbers[numbers["dataset"] == dataset], ours[ours["dataset"] == dataset]
    if numbers.empty:
        return Section([f"The file of published numbers has none of {tables.escape_markdown(dataset)}."])
    joined = published.beside(numbers, dataset, ours)
    keys = ["system", "metric"]
    is_joined = pd.MultiIndex.from_frame(numbers[keys]).isin(pd.MultiIndex.from_frame(joined[keys]))
    of_dataset = f"of {tables.escape_markdown(dataset)}"
    text = [f"No published number {of_dataset} is for a system and metric of this table."]
    if not joined.empty:
        text = [
            "Mean over our repetitions / published number (difference):",
            tables.markdown(tables.published(joined)),
            f"{len(joined)} of {tables.counted(len(numbers), 'published number')} {of_dataset} stand beside "
            f"ours.{_sources(numbers[is_joined])}",
        ]
    return Section([*text, *_lacking(numbers[~is_joined], ours)])


def unknown_datasets(numbers: pd.DataFrame, names: Sequence[str]) -> Section:
    """Name the datasets of the published numbers that the plan does not have."""
    unknown = numbers[~numbers["dataset"].isin(names)]
    if unknown.empty:
        return Section()
    counts = unknown["dataset"].value_counts(sort=False)
    listed = ", ".join(f"{name!r} ({count})" for name, count in counts.items())
    text = f"Published numbers of datasets that have no table here: {tables.escape_markdown(listed)}."
    return Section([text, *_hints(published.form_hints(counts.index, names))])


def _sources(numbers: pd.DataFrame) -> str:
    sources = sorted(set(numbers["source"]) - {""})
    return f" Source: {'; '.join(tables.escape_markdown(source) for source in sources)}." if sources else ""


def _lacking(numbers: pd.DataFrame, ours: pd.DataFrame) -> list[str]:
    """Name the published numbers without a counterpart, and the names that were perhaps meant."""
    if numbers.empty:
        return []
    listed = ", ".join(
        tables.escape_markdown(f"{row.system} {tables.title(row.metric)}") for row in numbers.itertuples()
    )
    metrics = [name for name in ours.columns if name not in ("dataset", "system")]
    hints = published.form_hints(numbers["system"].unique(), ours["system"].unique())
    hints += published.form_hints(numbers["metric"].unique(), metrics)
    return [f"Published, and not in this table: {listed}.", *_hints(hints)]


def _hints(hints: Sequence[str]) -> list[str]:
    if not hints:
        return []
    return [f"Published numbers are matched by exact names: {tables.escape_markdown('; '.join(hints))}."]
