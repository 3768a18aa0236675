"""``intentbench intents``: build, inspect, stats, serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from harness.cli.terminal import DEFAULT_STORE, PlanPath, StorePath, console, progress_bars, sentences, show
from harness.errors import InputError
from harness.store.layout import TEXT

app = typer.Typer(
    help="Write profiles and intents of what users said, and look at them.", no_args_is_help=True
)

DatasetName = Annotated[
    str | None, typer.Option("--dataset", help="This dataset of the plan alone.", show_default=False)
]


@app.command()
def build(
    plan: PlanPath,
    store: StorePath = DEFAULT_STORE,
    dataset: DatasetName = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask about so many users and items, busiest first.")
    ] = None,
    estimate: Annotated[bool, typer.Option(help="Say what it would take, and ask nothing.")] = False,
) -> None:
    """Have every profile and intent written and encoded; interrupt and repeat at will."""
    with sentences():
        complete = True
        for name, spec, data in _datasets(plan, dataset):
            if estimate:
                _print_estimate(name, spec, data, store, limit)
            else:
                complete &= _build(name, spec, data, store, limit)
    if not complete:
        raise typer.Exit(1)


@app.command()
def inspect(
    plan: PlanPath,
    token: Annotated[str, typer.Argument(help="A user's token, or an item's with --item.")],
    store: StorePath = DEFAULT_STORE,
    dataset: DatasetName = None,
    item: Annotated[bool, typer.Option("--item", help="The token is an item's.")] = False,
) -> None:
    """Show a node's document, profile, likes, dislikes and intent side by side."""
    with sentences():
        from harness.text.intents.inspect import lookup

        for name, spec, data in _datasets(plan, dataset):
            found = lookup(spec, data, store / TEXT, token, "item" if item else "user")
            table = Table(*found, title=escape(f"{name}, {'item' if item else 'user'} {token}"))
            table.add_row(*(escape(cell) for cell in found.values()))
            show(table)


@app.command()
def stats(
    plan: PlanPath,
    store: StorePath = DEFAULT_STORE,
    dataset: DatasetName = None,
    fallbacks: Annotated[bool, typer.Option(help="List every text that fell back to its document.")] = False,
) -> None:
    """Lengths, fallbacks, duplicates, and whether similar intents share items more often than chance."""
    with sentences():
        from harness.text.intents.inspect import fallen, statistics

        for name, spec, data in _datasets(plan, dataset):
            table = Table("fact", "users", "items", title=escape(f"{name}, written by {spec.writer.name}"))
            for fact, users, items in statistics(spec, data, store / TEXT):
                table.add_row(fact, users, items)
            show(table)
            for line in fallen(spec, data, store / TEXT) if fallbacks else ():
                typer.echo(line)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="On loopback.")] = 8080,
    context: Annotated[int, typer.Option(min=512, help="Tokens of a request and its answer.")] = 2048,
    threads: Annotated[int | None, typer.Option(min=1, help="All cores by default.")] = None,
) -> None:
    """Serve SmolLM2-135M on 127.0.0.1 with OpenAI's protocol, until interrupted (the extra [local-llm])."""
    with sentences():
        from harness.text.intents.local import MODEL, serve_here

        typer.echo(f"serving {MODEL} on http://127.0.0.1:{port}/v1")
        raise typer.Exit(serve_here(port, context, threads))


def _datasets(plan: Path, only: str | None) -> Iterator[tuple[str, Any, Any]]:
    """Name, words about text and data of the plan's datasets with written intents."""
    from harness.errors import did_you_mean
    from harness.planning.plan import load_plan
    from harness.training.loading import load_dataset

    loaded = load_plan(plan)
    known = {each.name: each for each in loaded.variants if each.text.kind == "intents"}
    if not known:
        raise InputError(f"{plan}: no dataset has written intents; expected `text: {{kind: intents}}`")
    if only is not None and only not in known:
        raise InputError(f"--dataset: no intents are written for {only!r}; {did_you_mean(only, known)}")
    for name, each in known.items():
        if only in (None, name):
            yield name, each.text, load_dataset(each, loaded.seed)


def _build(name: str, spec: Any, data: Any, store: Path, limit: int | None) -> bool:
    """Build one dataset's intents; whether they are ready for `run`."""
    from harness.text.intents.build import build as build_intents

    try:
        with _watching() as watch:
            built = build_intents(spec, data, store / TEXT, watch, limit)
    except KeyboardInterrupt:
        typer.echo("intentbench: interrupted; what was answered is kept, build again to go on", err=True)
        raise typer.Exit(130) from None
    tally, fates = built.tally, built.written.fates()
    texts = ", ".join(f"{count:,} {fate}" for fate, count in fates.items())
    typer.echo(f"{name}, {spec.writer.name}: {built.written.outputs:,} texts: {texts}")
    if tally.replies or tally.troubles:
        rate = tally.replies / max(tally.seconds_s, 1e-9)
        typer.echo(
            f"{tally.replies:,} replies in {tally.seconds_s:.1f} s ({rate:.2f} a second), "
            f"{tally.repairs:,} of them repairs; {tally.spent.input:,.0f} tokens in, "
            f"{tally.spent.output:,.0f} out"
        )
    for what, counts in (("tried again", tally.troubles), ("failed", tally.failed)):
        if counts:
            typer.echo(f"{what}: " + ", ".join(f"{count:,} {reason}" for reason, count in counts.items()))
    if tally.over_budget:
        typer.echo("stopped: the next request could exceed the budget")
    if not built.ready:
        typer.echo("not complete; build again to go on")
    return built.ready


def _print_estimate(name: str, spec: Any, data: Any, store: Path, limit: int | None) -> None:
    from harness.text.intents.build import estimate

    found = estimate(spec, data, store / TEXT, limit)
    cost = "no price is given" if found.cost is None else f"about {found.cost:.2f}"
    unknown = "unknown until something is answered"
    table = Table("fact", "value", title=escape(f"{name}, {spec.writer.name}"))
    table.add_row("requests", f"{found.requests:,} to make, {found.kept:,} answered")
    table.add_row("tokens", f"about {found.tokens.input:,.0f} in, {found.tokens.output:,.0f} out")
    table.add_row("cost", cost)
    table.add_row("time", unknown if found.seconds_s is None else f"about {found.seconds_s:,.0f} s")
    show(table)


@contextmanager
def _watching() -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """A bar for each side on a terminal; nothing elsewhere."""
    if not console.is_terminal:
        yield lambda what, total: lambda: None
        return
    with progress_bars() as bars:

        def begin(what: str, total: int) -> Callable[[], None]:
            task = bars.add_task(what, total=total)
            return lambda: bars.advance(task)

        yield begin
