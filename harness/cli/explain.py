"""``intentbench explain``: a run's prototypes, and what carries one user's recommendations."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from harness.cli.terminal import DEFAULT_STORE, StoreOption, say, show_table

MOST_USED = 8
"""Prototypes of each side that are shown of a run."""

FACTS = {
    "prototypes": "{0.count}",
    "nobody's strongest (dead)": "{0.dead}",
    "entropy of use (1: even)": "{0.usage_entropy:.3f}",
    "entropy of a node (1: no preference)": "{0.node_entropy:.3f}",
    "purity of text clusters (by chance)": "{0.purity:.3f} ({0.chance:.3f})",
}
"""Facts of a side's prototypes, and how each is written."""


def explain(
    run: Annotated[
        str,
        typer.Argument(
            help="The run is named by the beginning of its identity, or by its system if it is the only one.",
            show_default=False,
        ),
    ],
    user: Annotated[
        str | None, typer.Option(help="This user's recommendations are explained.", show_default=False)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    items: Annotated[
        int, typer.Option(min=1, help="This many recommendations of the user are explained.")
    ] = 10,
) -> None:
    """Name the intent prototypes of a trained run by the texts that load on them."""
    from harness.report.explain import explanation, find_run
    from harness.store.store import Store

    opened = Store(store)
    identity, record = find_run(opened, run)
    explained = explanation(opened, identity, record, *material(record, opened))
    title = f"{record.dataset}, {record.system}, repetition {record.repetition + 1}"
    if user is None:
        _show_run(explained, title)
    else:
        _show_user(explained, title, user, items)


def material(record: Any, store: Any) -> tuple[Any, Any, Any]:
    """The dataset, texts and text rows that a run was made from.

    Raises:
        InputError: The run's record does not say how its dataset was made.
    """
    from harness.errors import InputError
    from harness.planning.datasets import DatasetVariant
    from harness.store.layout import TEXT
    from harness.text.tables import texts_of
    from harness.training.loading import load

    if record.dataset_plan is None:
        raise InputError("the run was stored before plans were kept with it; run it again to explain it")
    plan = DatasetVariant.from_stored(record.dataset_plan, record.family)
    dataset, rows = load(plan, record.base_seed, store.root / TEXT)
    return dataset, texts_of(plan.text, dataset, store.root / TEXT), rows


def _show_run(explained: Any, title: str) -> None:
    figures = explained.figures()
    headings = ("fact", *(f"{side} prototypes" for side in figures))
    facts = [(fact, *(form.format(side) for side in figures.values())) for fact, form in FACTS.items()]
    show_table(headings, facts, title=title)
    for side in figures:
        rows = [
            (str(one.number), f"{one.nodes} {side}s", ", ".join(one.phrases), "; ".join(one.items))
            for one in explained.most_used(side, MOST_USED)
        ]
        headings = ("prototype", "strongest of", "phrases", "items")
        show_table(headings, rows, title=f"most used {side} prototypes")


def _show_user(explained: Any, title: str, user: str, items: int) -> None:
    even = 1 / explained.arrays["user_membership"].shape[1]
    rows = []
    for one in explained.of_user(user, items=items):
        carried = [f"{item.item} ({item.score:.2f}, {item.carried:+.3f})" for item in one.carries]
        share = f"{one.share:.3f} ({one.share / even:.1f})"
        texts = (", ".join(one.phrases), "; ".join(one.items), "\n".join(carried))
        rows.append((str(one.number), share, *texts))
    headings = ("prototype", "share (x even)", "phrases", "items", "carries")
    show_table(headings, rows, title=f"{title}, user {user}")
    say("carries: recommended items (score, the prototype's part of the user's intent with the item)")
