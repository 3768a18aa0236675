"""How a command ends: whatever it raises becomes a sentence and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from harness.cli.terminal import complain, replace_what_cannot_be_encoded
from harness.errors import InputError, Interrupted, RunFailed
from harness.logs import SHOWN, log_file, log_to_terminal, printable, redacted, stop_logging

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit codes."""

STOPPED_AT_ONCE = "The command was stopped at once. What is finished is stored; run the same command again."

LONGEST_MESSAGE = 300
"""Characters of an unexpected error's message that are shown. The log file has all of them."""

logger = logging.getLogger(__name__)


class Commands(TyperGroup):
    """The group of all commands, through which every error of a command passes."""

    def invoke(self, ctx: Any) -> Any:
        """Do what the command line asks for."""
        replace_what_cannot_be_encoded()
        log_to_terminal(logging.WARNING)
        try:
            return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            if _is_for_typer(error):
                raise
            code = _explain(error)
        finally:
            stop_logging()
        raise typer.Exit(code)


def _is_for_typer(error: BaseException) -> bool:
    """Whether typer ends well itself: an exit, a mistake in the command line, a pipe that nobody reads."""
    if isinstance(error, OSError):
        return error.errno == errno.EPIPE
    return isinstance(error, typer.Abort) or hasattr(error, "exit_code")


def _explain(error: BaseException) -> int:
    """Say in one sentence or two what went wrong and what to do next; returns the exit code."""
    if isinstance(error, InputError):
        complain(str(error))
        return BAD_INPUT
    if isinstance(error, RunFailed):
        complain(str(error))
        return FAILED
    if isinstance(error, Interrupted):
        complain(str(error))
        return INTERRUPTED
    if isinstance(error, KeyboardInterrupt):
        complain(STOPPED_AT_ONCE)
        return INTERRUPTED
    name, message = type(error).__name__, redacted(str(error)).strip().split("\n")[0][:LONGEST_MESSAGE]
    complain(
        f"The command ended because of an error that it did not expect ({name}{': ' if message else ''}"
        f"{message}). {_keep_traceback(error)} No result that was stored is lost, so it is safe to run the "
        "same command again."
    )
    return FAILED


def _keep_traceback(error: BaseException) -> str:
    """Write the traceback to the log file, or to a new file if there is none; says where it is."""
    path = log_file()
    if path is not None:
        logger.error("The command ended with this error.", exc_info=error, extra=SHOWN)
        return f"The details are in the log file {path}."
    lines = [f"command: {' '.join(sys.argv)}\n", *traceback.format_exception(error)]
    try:
        handle, name = tempfile.mkstemp(prefix="intentbench-error-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(printable(redacted("".join(lines))))
    except OSError:
        return "Run it with `--log-file PATH` to see the details."
    return f"The details are in the log file {Path(name)}."
