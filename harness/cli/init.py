"""``intentbench init``: a plan for tables of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.terminal import all_expanded, expanded, say
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.cli.new_plan.dataset_text import NewDataset
    from harness.cli.new_plan.table_columns import TableColumns


def init(
    tables: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[TABLE]...",
            help="A table of interactions (csv, tsv or jsonl, also with .gz, parquet or feather), and after it "
            "tables with texts of its items or users. Without a table, the plan is about ML-100k.",
            callback=all_expanded,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The plan is written to this file, which must not exist.", callback=expanded)
    ] = Path("plan.yaml"),
    user: Annotated[
        str | None,
        typer.Option(help="The users' ids are in this column. By default it is guessed.", show_default=False),
    ] = None,
    item: Annotated[
        str | None,
        typer.Option(help="The items' ids are in this column. By default it is guessed.", show_default=False),
    ] = None,
) -> None:
    """Write a plan for your own data, with comments, and say what was guessed from the names of columns."""
    from harness.cli.new_plan.plan_text import plan_text

    if out.exists():
        raise InputError(f"{out}: this file exists and is not overwritten; expected another name after --out")
    datasets = _datasets(tables or [], user, item)
    text = plan_text(datasets, out)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{out}: the plan cannot be written ({error.strerror or error})") from None
    for dataset in datasets:
        for sentence in _guesses(dataset):
            say(sentence)
    say(f"The plan was written to {out}. Read it and change what is wrong.")
    say(f"Then `intentbench data check {out}` reads the data, and `intentbench run {out}` trains and tests.")


def _datasets(paths: list[Path], user: str | None, item: str | None) -> list[NewDataset]:
    """Tables of interactions, each with the tables of texts that follow it.

    Raises:
        InputError: A table cannot be read, or it is not clear what it holds.
    """
    from harness.cli.new_plan.dataset_text import NewDataset
    from harness.cli.new_plan.table_columns import guess_columns

    datasets: list[NewDataset] = []
    for number, path in enumerate(paths):
        table = guess_columns(path, user if number == 0 else None, item if number == 0 else None)
        if table.user is not None and table.item is not None:
            datasets.append(NewDataset(table))
        elif not datasets or not table.text or (table.user is None and table.item is None):
            raise InputError(_unclear(table))
        else:
            last = datasets[-1]
            users, items = (last.users, table) if table.user is None else (table, last.items)
            datasets[-1] = NewDataset(last.table, users, items)
    for dataset in datasets:
        if dataset.users is not None and dataset.items is None:
            raise InputError(
                f"{dataset.users.path}: only users have texts; expected a table with texts of the items too"
            )
    return datasets


def _unclear(table: TableColumns) -> str:
    columns = f"its columns are {', '.join(table.names)}"
    if table.user is None and table.item is None:
        return (
            f"{table.path}: no column looks like the ids of users or items ({columns}); expected a first "
            "table with both, which --user COLUMN and --item COLUMN may name"
        )
    missing, option = ("users", "--user") if table.user is None else ("items", "--item")
    return (
        f"{table.path}: no column looks like the ids of {missing} ({columns}); expected one, which "
        f"{option} COLUMN may name, or a table of interactions before it and a column with texts in it"
    )


def _guesses(dataset: NewDataset) -> Iterator[str]:
    """What the plan takes each column for, in sentences."""
    table = dataset.table
    yield f"{table.path} has the columns {', '.join(table.names)}."
    yield f"Users are taken from the column {table.user!r}, and items from the column {table.item!r}."
    for what, name in (("ratings", table.rating), ("times", table.timestamp), ("the split", table.split)):
        if name is not None:
            yield f"The column {name!r} is taken for {what}."
    for name, reason in table.left_out.items():
        yield f"The column {name!r} is not used, because {reason}."
    if table.rating is not None:
        yield "Every interaction counts, whatever its rating. `min_rating` in the plan leaves out low ones."
    if table.review:
        yield f"Reviews are taken from {', '.join(map(repr, table.review))}."
    for side, texts in (("users", dataset.users), ("items", dataset.items)):
        if texts is not None:
            yield f"Texts of {side} are taken from {', '.join(map(repr, texts.text))} of {texts.path}."
    if not dataset.has_texts:
        yield "There are no texts, so systems that read texts are left out of the plan."
