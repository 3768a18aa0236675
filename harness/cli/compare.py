"""``intentbench compare``: two systems on the same users, and for one user the lists of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from harness.cli.explain import material
from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, say, show_table

LONGEST_TEXT = 80
"""Characters of an item's text that are shown."""


def compare(
    plan: PlanArgument,
    first: Annotated[str, typer.Argument(metavar="SYSTEM", show_default=False)],
    second: Annotated[str, typer.Argument(metavar="SYSTEM", show_default=False)],
    user: Annotated[
        str | None, typer.Option(help="This user's scores and lists are shown.", show_default=False)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    items: Annotated[int, typer.Option(min=1, help="This many items of each list are shown.")] = 10,
) -> None:
    """Compare two systems of a plan, as the page of its report does; nothing is trained."""
    from harness.planning.plan import load_plan
    from harness.report.document import read_evidence
    from harness.store.store import Store

    datasets, _ = read_evidence(load_plan(find_plan(plan)), Store(store))
    names = _names(datasets, (first, second))
    both = [evidence for evidence in datasets if all(name in evidence.groups for name in names)]
    if user is not None:
        both = _datasets_of(both, user)
    for evidence in both:
        if user is None:
            _show(evidence, names)
        else:
            _show_user(evidence, names, user, items)


def _names(datasets: Sequence[Any], lines: Sequence[str]) -> list[str]:
    """The systems' names in tables.

    Raises:
        InputError: A system has no finished runs, or no dataset has both systems.
    """
    from harness.errors import InputError, did_you_mean
    from harness.systems.line import parse

    known = {name for evidence in datasets for name in evidence.groups}
    names = []
    for line in lines:
        name = line
        if line not in known:
            try:
                name = parse(line).name
            except ValueError:  # the hint below is nearer to what was meant
                name = line
        if name not in known:
            raise InputError(f"{line!r} has no finished run in the store; {did_you_mean(line, known)}")
        names.append(name)
    if names[0] == names[1]:
        raise InputError(f"both systems are {names[0]}; expected two different ones")
    if not any(set(names) <= set(evidence.groups) for evidence in datasets):
        raise InputError(f"no dataset of the plan has finished runs of both {names[0]} and {names[1]}")
    return names


def _show(evidence: Any, names: Sequence[str]) -> None:
    """Show the difference by metric, by the users' train pairs, and the users who differ most."""
    from harness.report.sections.head_to_head import by_degree, compared, most_different_users
    from harness.report.tables import p_value, title

    pair = [(names[0], names[1])]
    rows = [
        (
            title(row["metric"]),
            _difference(row),
            p_value(row["p"]).removeprefix("p "),
            p_value(row["p_holm"]).removeprefix("p "),
            row["verdict"],
            f"{row['first_wins']:,} / {row['ties']:,} / {row['second_wins']:,}",
        )
        for row in compared(evidence, pair).to_dict("records")
    ]
    headings = ("metric", "difference [95 %]", "p", "p (Holm)", "verdict", "users better / tied / worse")
    show_table(headings, rows, title=f"{evidence.dataset.name}: {names[0]} less {names[1]}")
    strata = by_degree(evidence, pair).to_dict("records")
    metric = title(evidence.shown[0])
    if strata:
        by_stratum = [(row["stratum"], f"{row['users']:,}", _difference(row)) for row in strata]
        show_table(("train pairs", "users", f"difference in {metric}"), by_stratum)
    users = [
        (row["user"], _pairs(row["train_pairs"]), f"{row['first_score']:.4f}", f"{row['second_score']:.4f}")
        for row in most_different_users(evidence, pair).to_dict("records")
    ]
    show_table(("user", "train pairs", *names), users, title=f"the users whose {metric} differs most")


def _difference(row: dict[Any, Any]) -> str:
    from harness.report.tables.cells import bounds

    return f"{row['difference']:+.4f}{bounds(row['low'], row['high'], '+.4f')}"


def _pairs(count: float) -> str:
    return "" if count != count else f"{count:.1f}".removesuffix(".0")


def _datasets_of(datasets: Sequence[Any], user: str) -> list[Any]:
    """The datasets that test a user.

    Raises:
        InputError: None does.
    """
    from harness.errors import InputError

    found = [each for each in datasets if user in each.samples[each.shown[0]].users.astype(str)]
    if not found:
        example = datasets[0].samples[datasets[0].shown[0]].users[0]
        raise InputError(f"--user: no test user {user!r}; expected one such as {str(example)!r}")
    return found


def _show_user(evidence: Any, names: Sequence[str], user: str, items: int) -> None:
    """Show a user's scores by both systems, and the lists of those whose rows are stored."""
    from harness.report.tables import title

    rows = []
    for metric in evidence.shown:
        sample = evidence.samples[metric]
        means = sample.means.set_axis(sample.users.astype(str)).loc[user, list(names)]
        rows.append((title(metric), *(f"{value:.4f}" for value in means)))
    show_table(("metric", *names), rows, title=f"{evidence.dataset.name}, user {user}, mean over runs")
    for name in names:
        _show_list(evidence, name, user, items)


def _show_list(evidence: Any, name: str, user: str, items: int) -> None:
    """Show what the first run of a system recommends to a user: hits, texts and prototypes."""
    from harness.store.layout import PROTOTYPES

    store, identity, record = evidence.store, evidence.groups[name][0], evidence.records[name][0]
    kept = store.lists(identity)
    has_prototypes = bool(store.arrays(identity, PROTOTYPES))
    if kept is None and not has_prototypes:
        say(f"{name}: the store holds no list of it; a plan with `lists` under `evaluation` keeps them.")
        return
    read = material(record, store)
    dataset, texts, _ = read
    row = next(place for place, token in enumerate(dataset.users) if str(token) == user)
    relevant = set(dataset.matrix("test")[row].indices)
    titles = dataset.facts.titles if dataset.facts else ("",) * len(dataset.items)
    if has_prototypes:
        best = _explained(store, identity, record, read, user, items)
    else:
        best = _kept(kept, dataset, user, items)
    rows = [
        (
            str(place),
            "hit" if item in relevant else "",
            titles[item] or str(dataset.items[item]),
            f"{score:.4g}",
            prototype,
            _shortened(texts.item_profile[item]),
        )
        for place, (item, score, prototype) in enumerate(best, start=1)
    ]
    headings = ("place", "hit", "item", "score", "prototype", "text")
    title = f"{name}, repetition {record.repetition + 1} on {record.dataset}: {len(relevant)} relevant items"
    show_table(headings, rows, title=title)


def _explained(
    store: Any, identity: str, record: Any, read: Any, user: str, items: int
) -> list[tuple[int, float, str]]:
    """The best items by the stored rows, each with its score and the prototype that carries it."""
    from harness.report.explain import explanation

    explained = explanation(store, identity, record, *read)
    _, best, scores = explained.recommended(user, items)
    carried = {
        item.item: str(prototype.number)
        for prototype in explained.of_user(user, items=items)
        for item in prototype.carries
    }
    return [(int(item), float(scores[item]), carried.get(explained.titles[item], "")) for item in best]


def _kept(lists: Any, dataset: Any, user: str, items: int) -> list[tuple[int, float, str]]:
    """The best items of the list that the run has kept, each with its score and no prototype."""
    from harness.store.columns import SCORE, USER

    place_of = {str(token): place for place, token in enumerate(dataset.items)}
    own = lists[lists[USER].astype(str) == user].sort_values(SCORE, ascending=False, kind="stable")
    pairs = zip(own["item"], own[SCORE], strict=True)
    return [(place_of[str(item)], float(score), "") for item, score in pairs][:items]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
