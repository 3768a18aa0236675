"""``intentbench bundle``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, expanded, say


def bundle(
    plan: PlanArgument,
    out: Annotated[
        Path,
        typer.Option(
            help="The bundle is written to this file if the name ends in .zip, and else to this new folder.",
            callback=expanded,
            show_default=False,
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    anonymous: Annotated[
        bool,
        typer.Option("--anonymous", help="Numbers take the place of the users' ids, the same in all files."),
    ] = False,
    author: Annotated[
        list[str] | None,
        typer.Option(help="This name is cited as an author; give it once for each.", show_default=False),
    ] = None,
    license_: Annotated[
        str | None,
        typer.Option(
            "--license",
            help="The bundle's licence is told by its SPDX identifier, such as CC-BY-4.0.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Pack a study for others: plan, records, per-user scores and report, without data and texts."""
    from harness.bundle.contents import absolute_paths
    from harness.bundle.writing import write_bundle
    from harness.planning.yaml_file import read_yaml
    from harness.store.store import Store

    file = find_plan(plan)
    authors = tuple(author or ())
    written = write_bundle(file, Store(store), out, anonymous=anonymous, authors=authors, licence=license_)
    counts = ", ".join(f"{count} {name}" for name, count in written.counts.items())
    say(f"{out} holds {counts} in {written.files:,} files of {written.unpacked_bytes:,} bytes.")
    for path in absolute_paths(read_yaml(file)[0]):
        say(f"The plan names the path {path}, which is in the bundle as it is.")
    if not anonymous:
        say("It holds the ids of the tested users beside their scores; --anonymous writes numbers instead.")
