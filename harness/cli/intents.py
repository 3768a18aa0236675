"""``intentbench intents``: build, inspect, stats, probe, serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, console, progress_bars, say, show_table
from harness.errors import InputError
from harness.store.layout import TEXT

app = typer.Typer(
    help="Write profiles and intents from what users said of items, and look at them.", no_args_is_help=True
)

DatasetName = Annotated[
    str | None, typer.Option("--dataset", help="Only this dataset of the plan is used.", show_default=False)
]


@app.command()
def build(
    plan: PlanArgument,
    store: StoreOption = DEFAULT_STORE,
    dataset: DatasetName = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="The language model is asked about at most this many users and this many items, those with "
            "the most train pairs first.",
            show_default=False,
        ),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="The command says what a build would take, and asks nothing.")
    ] = False,
) -> None:
    """Have every profile and intent written and encoded. You may interrupt it and repeat it at will."""
    complete = True
    for name, spec, data in _datasets(plan, dataset):
        if estimate:
            _show_estimate(name, spec, data, store, limit)
        else:
            complete &= _build(name, spec, data, store, limit)
    if not complete:
        raise typer.Exit(1)


@app.command()
def inspect(
    plan: PlanArgument,
    token: Annotated[
        str, typer.Argument(help="This user is shown, or this item with --item.", show_default=False)
    ],
    store: StoreOption = DEFAULT_STORE,
    dataset: DatasetName = None,
    item: Annotated[bool, typer.Option("--item", help="The token is an item's.")] = False,
) -> None:
    """Show the document, profile, likes, dislikes and intent of a user or an item."""
    from harness.text.intents.inspect import texts_of_node

    side = "item" if item else "user"
    for name, spec, data in _datasets(plan, dataset):
        said = texts_of_node(spec, data, store / TEXT, token, side)  # type: ignore[arg-type]
        show_table(list(said), [list(said.values())], title=f"{name}, {side} {token}")


@app.command()
def stats(
    plan: PlanArgument,
    store: StoreOption = DEFAULT_STORE,
    dataset: DatasetName = None,
    fallbacks: Annotated[
        bool, typer.Option("--fallbacks", help="Every text that is only its document is listed.")
    ] = False,
) -> None:
    """Show lengths, fallbacks and repetitions, and whether similar intents share more items than chance."""
    from harness.text.intents.inspect import fallbacks as fallback_lines
    from harness.text.intents.inspect import statistics

    for name, spec, data in _datasets(plan, dataset):
        rows = statistics(spec, data, store / TEXT)
        show_table(("fact", "users", "items"), rows, title=f"{name}, written by {spec.writer.name}")
        for line in fallback_lines(spec, data, store / TEXT) if fallbacks else ():
            say(line)


@app.command()
def probe(
    plan: PlanArgument,
    called: Annotated[
        str,
        typer.Option(
            help="The name that the dataset is known by, such as 'MovieLens-100K'.", show_default=False
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    dataset: DatasetName = None,
    limit: Annotated[int, typer.Option(min=1, help="So many items and so many users are asked about.")] = 50,
) -> None:
    """Ask the language model what it can complete of the dataset, to learn whether it has seen it."""
    from harness.text.intents.probe import probe as ask

    for name, spec, data in _datasets(plan, dataset):
        with _watching() as watch:
            completed = ask(spec, data, called, store / TEXT, watch, limit)
        _show_completed(f"{name}, {spec.writer.name}", completed)


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The server listens on this port of 127.0.0.1.")
    ] = 8080,
    context: Annotated[
        int, typer.Option(min=512, help="A request and its answer may have this many tokens together.")
    ] = 2048,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="The server computes with this many threads. By default it uses all cores.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve SmolLM2-135M with the OpenAI protocol until you interrupt it. This needs the extra local-llm."""
    from harness.text.intents.local import MODEL, serve_here

    say(f"{MODEL} is served at http://127.0.0.1:{port}/v1.")
    raise typer.Exit(serve_here(port, context, threads))


def _datasets(plan: str, only: str | None) -> Iterator[tuple[str, Any, Any]]:
    """Name, text specification and data of every dataset of the plan whose intents are written.

    Raises:
        InputError: The plan has no such dataset, or not the one that is asked for.
    """
    from harness.errors import did_you_mean
    from harness.planning.plan import load_plan
    from harness.training.loading import load_dataset

    path = find_plan(plan)
    loaded = load_plan(path)
    written = {each.name: each for each in loaded.variants if each.text.kind == "intents"}
    if not written:
        raise InputError(f"{path}: no dataset has written intents; expected `text: {{kind: intents}}`")
    if only is not None and only not in written:
        raise InputError(f"--dataset: no intents are written for {only!r}; {did_you_mean(only, written)}")
    for name, dataset_plan in written.items():
        if only in (None, name):
            yield name, dataset_plan.text, load_dataset(dataset_plan, loaded.seed)


def _build(name: str, spec: Any, data: Any, store: Path, limit: int | None) -> bool:
    """Build one dataset's intents; returns whether they are ready for `run`."""
    from harness.text.intents.build import build as build_intents

    with _watching() as watch:
        built = build_intents(spec, data, store / TEXT, watch, limit)
    texts = ", ".join(f"{count:,} {status}" for status, count in built.written.statuses().items())
    say(f"{name}, {spec.writer.name}: {built.written.outputs:,} texts: {texts}")
    _show_tally(built.tally)
    if not built.ready:
        say("The texts are not complete; build again to go on.")
    return bool(built.ready)


def _show_tally(tally: Any) -> None:
    """Print what asking the language model came to, if it was asked."""
    if tally.replies or tally.failed_tries:
        rate = tally.replies / max(tally.seconds_s, 1e-9)
        say(
            f"{tally.replies:,} replies in {tally.seconds_s:.1f} s ({rate:.2f} a second), "
            f"{tally.repairs:,} of them repairs; {tally.spent.input:,.0f} tokens in, "
            f"{tally.spent.output:,.0f} out"
        )
    for what, counts in (("tried again", tally.failed_tries), ("failed", tally.failed_requests)):
        if counts:
            say(f"{what}: " + ", ".join(f"{count:,} {reason}" for reason, count in counts.items()))
    if tally.over_budget:
        say("The build was stopped because the next request could exceed the budget.")


def _show_completed(title: str, completed: Any) -> None:
    """Print what the language model knew of the dataset, and what that means."""
    share = "{:.1%}".format
    rows = [
        ("titles of items, given their ids", f"{completed.titles_right:,} of {completed.titles_asked:,}", ""),
        ("users with a usable answer", f"{completed.users_answered:,} of {completed.users_asked:,}", ""),
    ]
    kinds = {"train": "train pairs not shown", "valid": "validation pairs", "test": "test pairs"}
    for split, what in kinds.items() if completed.users_answered else ():
        named, popular = completed.named[split], completed.by_popularity[split]
        rows.append((f"named items that are {what}", share(named), share(popular)))
    show_table(("fact", "the model", "as many popular items"), rows, title=title)
    _show_tally(completed.tally)
    if completed.titles_right or completed.p < 0.05:
        say(
            "The model seems to have seen this dataset: it knows titles by their ids, or names more items of "
            f"the users than popularity does (for {completed.more:,} users more, for {completed.fewer:,} "
            f"fewer; p {completed.p:.3f}, one-sided). Texts that it writes may know held-out pairs."
        )
    else:
        say(
            "Nothing here shows that the model has seen this dataset. It may have all the same: a model that "
            "cannot recite a dataset can still have learned from it."
        )


def _show_estimate(name: str, spec: Any, data: Any, store: Path, limit: int | None) -> None:
    from harness.text.intents.build import estimate

    needed = estimate(spec, data, store / TEXT, limit)
    unknown = "unknown until something is answered"
    rows = (
        ("requests", f"{needed.requests:,} to make, {needed.kept:,} answered"),
        ("tokens", f"about {needed.tokens.input:,.0f} in, {needed.tokens.output:,.0f} out"),
        ("cost", "no price is given" if needed.cost is None else f"about {needed.cost:.2f}"),
        ("time", unknown if needed.seconds_s is None else f"about {needed.seconds_s:,.0f} s"),
    )
    show_table(("fact", "value"), rows, title=f"{name}, {spec.writer.name}")


@contextmanager
def _watching() -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """Shows a bar for users and one for items on a terminal, and nothing elsewhere."""
    if not console.is_terminal:
        yield lambda what, total: lambda: None
        return
    with progress_bars() as bars:

        def begin(what: str, total: int) -> Callable[[], None]:
            task = bars.add_task(what, total=total)
            return lambda: bars.advance(task)

        yield begin
