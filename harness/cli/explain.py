"""``intentbench explain``: a run's prototypes, and what carries one user's recommendations."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from harness.cli.terminal import DEFAULT_STORE, StorePath, sentences, show

MOST_USED = 8
"""Prototypes a side that a report of a run names."""


FACTS = {
    "prototypes": "{0.count}",
    "nobody's strongest (dead)": "{0.dead}",
    "entropy of use (1: even)": "{0.usage_entropy:.3f}",
    "entropy of a node (1: no preference)": "{0.node_entropy:.3f}",
    "purity of text clusters (by chance)": "{0.purity:.3f} ({0.chance:.3f})",
}


def explain(
    run: Annotated[str, typer.Argument(help="A run: the beginning of its identity, or a system's line.")],
    user: Annotated[str | None, typer.Option(help="Explain this user's recommendations.")] = None,
    store: StorePath = DEFAULT_STORE,
    items: Annotated[int, typer.Option(min=1, help="Recommendations of the user.")] = 10,
) -> None:
    """Name a trained run's intent prototypes by the texts that load on them."""
    with sentences():
        from harness.report.explain import explanation, find_run
        from harness.store.store import Store

        place = Store(store)
        identity, record = find_run(place, run)
        found = explanation(place, identity, record, *_material(record, place))
        title = f"{record.dataset}, {record.system}, repetition {record.repetition + 1}"
        if user is None:
            _show_run(found, title)
        else:
            _show_user(found, title, user, items)


def _material(record: Any, store: Any) -> tuple[Any, Any, Any]:
    """The dataset, texts and text rows that a run was made from."""
    from harness.errors import InputError
    from harness.planning.parts import DatasetPlan
    from harness.store.layout import TEXT
    from harness.text.tables import texts_of
    from harness.training.loading import load

    if record.dataset_plan is None:
        raise InputError("the run was stored before plans were kept with it; run it again to explain it")
    plan = DatasetPlan.model_validate(record.dataset_plan)
    dataset, table = load(plan, record.base_seed, store.root / TEXT)
    return dataset, texts_of(plan.text, dataset, store.root / TEXT), table


def _show_run(found: Any, title: str) -> None:
    figures = found.figures()
    table = Table("fact", *(f"{side} prototypes" for side in figures), title=escape(title))
    for fact, form in FACTS.items():
        table.add_row(fact, *(form.format(each) for each in figures.values()))
    show(table)
    for side in figures:
        named = Table("prototype", "strongest of", "phrases", "items", title=f"most used {side} prototypes")
        for each in found.most_used(side, MOST_USED):
            words = (", ".join(each.phrases), "; ".join(each.items))
            named.add_row(str(each.number), f"{each.nodes} {side}s", *(escape(word) for word in words))
        show(named)


def _show_user(found: Any, title: str, user: str, items: int) -> None:
    prototypes = found.of_user(user, items=items)
    even = 1 / found.arrays["user_membership"].shape[1]
    table = Table(
        "prototype", "share (x even)", "phrases", "items", "carries", title=escape(f"{title}, user {user}")
    )
    for each in prototypes:
        carried = "\n".join(f"{one.item} ({one.score:.2f}, {one.carried:+.3f})" for one in each.carries)
        words = (", ".join(each.phrases), "; ".join(each.items), carried)
        share = f"{each.share:.3f} ({each.share / even:.1f})"
        table.add_row(str(each.number), share, *(escape(word) for word in words))
    show(table)
    typer.echo("carries: recommended items (score, the prototype's part of the user's intent with the item)")
