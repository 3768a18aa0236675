"""``intentbench lists``: the lists of a run as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.terminal import DEFAULT_STORE, StoreOption, expanded, say
from harness.errors import InputError

DEPTH = 50
"""Items of a list, where neither the user nor the run asks for more."""


def lists(
    run: Annotated[
        str,
        typer.Argument(
            help="The run is named by the beginning of its identity, or by its system if it is the only one.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="The file is written in the form of its ending: .parquet, .csv, or .trec or .run for TREC.",
            callback=expanded,
            show_default=False,
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    train: Annotated[
        bool,
        typer.Option("--train", help="A run that has kept no lists is trained again, with the same seeds."),
    ] = False,
) -> None:
    """Write every tested user's best items, with their scores, as a plan can take them back."""
    from harness.external.written_lists import check_ending, write_lists
    from harness.report.explain import find_run
    from harness.store.layout import TEXT
    from harness.store.store import Store
    from harness.training.again import lists_of, run_of

    check_ending(out)
    opened = Store(store)
    identity, record = find_run(opened, run)
    frame = opened.lists(identity)
    if frame is None:
        title = f"run {identity[:8]} ({record.system})"
        if record.status == "failed":
            raise InputError(f"{title} has failed, so that it has no lists; expected a finished run")
        if {"lists", "users"} & record.sources.keys():
            raise InputError(f"{title} was trained elsewhere; its lists are in the file that its plan names")
        again, advice = run_of(record), f"run its plan with `evaluation: {{lists: {DEPTH}}}`"
        if again.before is not None:
            raise InputError(f"{title} starts from another run and has kept no lists; {advice}")
        if again.system.is_trained and not train:
            raise InputError(
                f"{title} has kept neither lists nor weights; {advice}, or type --train to train it again"
            )
        frame = lists_of(again, identity, max(DEPTH, *again.evaluation.k), store / TEXT)
    write_lists(frame, out)
    say(f"{len(frame):,} items of {frame['user'].nunique():,} users are in {out}.")
