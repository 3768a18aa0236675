"""``intentbench check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.terminal import say, show_table


def check(
    line: Annotated[
        str,
        typer.Argument(
            help="This system is checked, such as my_models:MyBackbone or my_models:MyAlignment[LightGCN]."
        ),
    ],
) -> None:
    """Check that a system keeps the contract of this project: gradients, seeds, terms, learning and more."""
    from harness.outside import look_in
    from harness.systems.line import parse
    from harness.testing.conformance import failures

    look_in(Path.cwd())
    spec = parse(line)
    found = failures(line)
    show_table(
        ("check", "result"),
        [(name, reason or "passed") for name, reason in found.items()],
        title=spec.name,
    )
    failed = sum(bool(reason) for reason in found.values())
    say(f"{len(found) - failed} of {len(found)} checks passed.")
    if failed:
        raise typer.Exit(1)
