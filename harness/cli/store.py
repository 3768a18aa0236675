"""``intentbench store``: verify, gc, merge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.terminal import DEFAULT_STORE, StorePath, sentences
from harness.errors import InputError

app = typer.Typer(help="Look after a folder of results.", no_args_is_help=True)


@app.command()
def verify(store: StorePath = DEFAULT_STORE) -> None:
    """Compare all files with their checksums; set damaged ones aside, so that `run` does the work again."""
    with sentences():
        from harness.store import damage
        from harness.store.store import Store

        found = Store(_existing(store))
        damaged = damage.of_store(found)
        for part in damaged:
            typer.echo(f"{part.path}: {part.reason}")
        sound = sum(found.is_sound(identity) for identity in found.identities())
        typer.echo(f"{sound} runs sound, {len(damaged)} damaged")
        for part in damaged:
            place = damage.set_aside(found, part)
            typer.echo(
                f"moved to {place}" if place else f"{part.path} stays: another process is at work on it"
            )
    if damaged:
        raise typer.Exit(1)


@app.command()
def gc(store: StorePath = DEFAULT_STORE) -> None:
    """Remove what unfinished and damaged runs left; checkpoints that can go on stay."""
    with sentences():
        from harness.store.housekeeping import sweep
        from harness.store.store import Store

        removed = sweep(Store(_existing(store)))
        for path in removed:
            typer.echo(f"removed {path}")
        typer.echo(f"{len(removed)} leftovers removed")


@app.command()
def merge(
    other: Annotated[Path, typer.Argument(help="The store to take runs from.", show_default=False)],
    store: StorePath = DEFAULT_STORE,
) -> None:
    """Take over the runs of another store that this one lacks."""
    with sentences():
        from harness.store.housekeeping import merge as take_over
        from harness.store.store import Store

        taken, refused = take_over(Store(store), Store(_existing(other)))
        for identity in refused:
            typer.echo(f"run {identity} of {other} is damaged; left there")
        typer.echo(f"{len(taken)} runs taken over, {len(refused)} refused")
    if refused:
        raise typer.Exit(1)


def _existing(store: Path) -> Path:
    if not store.is_dir():
        raise InputError(f"{store}: no such store; expected a folder that `intentbench run` made")
    return store
