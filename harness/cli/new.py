"""``intentbench new``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.terminal import expanded, say


class Kind(str, Enum):
    """What a part of a system may be."""

    backbone = "backbone"
    alignment = "alignment"
    classic = "classic"


def new(
    kind: Annotated[Kind, typer.Argument(help="The kind of the part.")],
    name: Annotated[str, typer.Argument(help="The name of the class, such as MyBackbone.")],
    folder: Annotated[
        Path, typer.Option(help="The files are written to this folder.", callback=expanded)
    ] = Path(),
) -> None:
    """Write a backbone, an alignment or a classic of your own that runs, and its test."""
    from harness.testing.templates import write

    line, files = write(kind.value, name, folder)
    say(f"Wrote {' and '.join(map(str, files))}.")
    say(f"`intentbench check '{line}'` checks it in this folder, and a plan beside it names it as {line}.")
