"""``intentbench store``: verify, gc, merge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.terminal import DEFAULT_STORE, StoreOption, expanded, say
from harness.errors import InputError

app = typer.Typer(help="Look after a store.", no_args_is_help=True)


@app.command()
def verify(store: StoreOption = DEFAULT_STORE) -> None:
    """Compare all files with their checksums. Damaged ones are set aside, and `run` does the work again."""
    from harness.store import damage
    from harness.store.store import Store

    opened = Store(_existing(store))
    damaged = damage.of_store(opened)
    sound = sum(opened.is_sound(identity) for identity in opened.identities())
    for part in damaged:
        say(f"{part.path}: {part.reason}.")
    say(f"{sound} runs are sound, and {len(damaged)} parts of the store are damaged.")
    for part in damaged:  # after all is said, in case that the store cannot be written
        moved_to = damage.set_aside(opened, part)
        outcome = f"was moved to {moved_to}" if moved_to else "stays, since another process is at work on it"
        say(f"{part.path} {outcome}.")
    if damaged:
        raise typer.Exit(1)


@app.command()
def gc(store: StoreOption = DEFAULT_STORE) -> None:
    """Remove what unfinished and damaged runs left. Checkpoints from which a run can go on stay."""
    from harness.store.housekeeping import sweep
    from harness.store.store import Store

    removed = sweep(Store(_existing(store)))
    for path in removed:
        say(f"{path} was removed.")
    say(f"{len(removed)} leftovers were removed.")


@app.command()
def merge(
    other: Annotated[
        Path,
        typer.Argument(
            help="The runs are copied from this store, or from this bundle (a zip file or its folder).",
            callback=expanded,
            show_default=False,
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Copy the runs of another store, or of a bundle, that this store lacks."""
    from harness.bundle.containers import is_bundle
    from harness.bundle.reading import merge_bundle
    from harness.store.housekeeping import merge as take_over
    from harness.store.store import Store

    if is_bundle(other):
        copied = merge_bundle(Store(store), other)
        say(f"{len(copied)} runs were copied, and all files of the bundle fit their checksums.")
        return
    taken, refused = take_over(Store(store), Store(_existing(other)))
    for identity in refused:
        say(f"The run {identity} of {other} is damaged and was not copied.")
    say(f"{len(taken)} runs were copied, and {len(refused)} were refused.")
    if refused:
        raise typer.Exit(1)


def _existing(store: Path) -> Path:
    """The folder itself.

    Raises:
        InputError: There is no such folder.
    """
    if not store.is_dir():
        raise InputError(f"{store}: no such store; expected a folder that `intentbench run` made")
    return store
