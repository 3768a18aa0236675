"""The part of a new plan that describes one dataset."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.cli.new_plan.commented_yaml import line, listed, scalar
from harness.cli.new_plan.table_columns import TableColumns


@dataclass(frozen=True)
class NewDataset:
    """A table of interactions, and the tables with texts of its users and items, if there are any."""

    table: TableColumns
    users: TableColumns | None = None
    items: TableColumns | None = None

    @property
    def has_texts(self) -> bool:
        """Whether text rows can be made of the tables."""
        return self.items is not None or bool(self.table.review)


def movielens_lines() -> list[str]:
    """The dataset that comes with RecBole."""
    return [
        "  - name: ml-100k",
        "    source:",
        line(
            "      kind: movielens", "ML-100k, which comes with RecBole; other kinds: table, matrices, atomic"
        ),
        line("      min_rating: 4", "ratings from here on count as interactions"),
        line("      core: 5", "users and items with fewer interactions are left out"),
        "    # For a table of your own: `intentbench init TABLE.csv` writes its plan.",
        *_split(given=False, timed=True),
        line("    text: {kind: tfidf, width: 64}", "how texts become rows; others: wordllama, intents, ..."),
    ]


def dataset_lines(name: str, dataset: NewDataset, folder: Path) -> list[str]:
    """One dataset of the plan. Paths are relative to ``folder``, where the plan will be."""
    table = dataset.table
    return [
        f"  - name: {name}",
        "    source:",
        line("      kind: table", "a row for each interaction of a user with an item"),
        line(
            f"      path: {_relative(table.path, folder)}",
            "csv, tsv or jsonl, also with .gz; relative to this file",
        ),
        *_columns(table),
        line("      # core: 5", "users and items with fewer interactions are left out"),
        line("      # duplicates: last", "of several rows with the same user and item, the last one counts"),
        *_texts(dataset, folder),
        *_split(table.split is not None, table.timestamp is not None),
        *_rows(dataset),
    ]


def _relative(path: Path, folder: Path) -> str:
    return scalar(Path(os.path.relpath(path.absolute(), folder)).as_posix())


def _columns(table: TableColumns) -> list[str]:
    assert table.user is not None
    assert table.item is not None
    lines = [
        line(f"      user: {scalar(table.user)}", "the column with the user's id"),
        line(f"      item: {scalar(table.item)}", "the column with the item's id"),
    ]
    if table.rating:
        lines.append(line(f"      rating: {scalar(table.rating)}", "the column with the rating"))
        lines.append(line("      # min_rating: 4", "interactions that are rated lower are left out"))
    else:
        lines.append(line("      # rating: COLUMN", "the column with the rating, a number"))
    if table.timestamp:
        lines.append(
            line(f"      timestamp: {scalar(table.timestamp)}", "the column with the time, a number")
        )
    else:
        lines.append(line("      # timestamp: COLUMN", "the column with the time, a number"))
    if table.split:
        lines.append(line(f"      split: {scalar(table.split)}", "the column with the part of the split"))
        labels = ", ".join(f"{scalar(label)}: {part}" for label, part in sorted(table.labels.items()))
        lines.append(line(f"      labels: {{{labels}}}", "what the column calls train, valid and test"))
    if table.review:
        lines.append(
            line(f"      review: {listed(table.review)}", "columns with what the user wrote of the item")
        )
    return lines


def _texts(dataset: NewDataset, folder: Path) -> list[str]:
    if dataset.items is None:
        return []
    lines = [
        line("      profiles:", "texts of the nodes; users without a file get those of their train items")
    ]
    for side, table in (("users", dataset.users), ("items", dataset.items)):
        if table is not None:
            column = table.user if side == "users" else table.item
            assert column is not None
            place = f"path: {_relative(table.path, folder)}, id: {scalar(column)}, text: {listed(table.text)}"
            lines.append(f"        {side}: {{{place}}}")
    lines.append(line("        missing: blank", "a node without a text has none; refuse ends with an error"))
    return lines


def _split(given: bool, timed: bool) -> list[str]:
    kinds = ["random", "per_user", "cold_users", "cold_items"]
    kinds += ["leave_one_out", "temporal", "prequential"] if timed else []
    kinds += ["given"] if given else []
    chosen = "{kind: given}" if given else "{kind: random, shares: [0.6, 0.2, 0.2]}"
    others = ", ".join(kind for kind in kinds if f"kind: {kind}" not in chosen)
    what = "the table says what is train, valid and test" if given else "train, valid and test"
    return [line(f"    split: {chosen}", f"{what}; other kinds: {others}")]


def _rows(dataset: NewDataset) -> list[str]:
    """How texts become rows, where there are texts."""
    if dataset.items is not None:
        return [line("    text: {kind: tfidf, width: 64}", "how texts become rows; others: wordllama, ...")]
    if dataset.table.review:
        return [
            line("    text:", "profiles and intents are written from the train pairs' reviews"),
            "      kind: intents",
            line("      writer: {kind: extractive}", "key phrases; {kind: openai, model: ...} asks a model"),
            line(
                "      encoder: {kind: tfidf, width: 64}", "how the texts become rows; others: wordllama, ..."
            ),
        ]
    return []
