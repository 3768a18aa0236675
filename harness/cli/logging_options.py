"""The options that say where the log goes."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.terminal import expanded
from harness.logs import log_to_file, log_to_terminal

VerboseOption = Annotated[
    bool, typer.Option("--verbose", help="The command says on the terminal what it does, with the time.")
]
LogFileOption = Annotated[
    Path | None,
    typer.Option(
        "--log-file",
        help="The command and its workers append to this file what they do, in more detail.",
        callback=expanded,
        show_default=False,
    ),
]

logger = logging.getLogger(__name__)


def start_logging(verbose: bool, log_file: Path | None) -> None:
    """Begin the log that the command line asks for.

    Raises:
        InputError: The log file cannot be written.
    """
    if verbose:
        log_to_terminal(logging.INFO)
    if log_file is not None:
        log_to_file(log_file)
        logger.debug("The command line is: %s", " ".join(sys.argv))
