"""Where the log goes: to the terminal if that is wanted, and to a file that several processes may share.

Every module logs to ``logging.getLogger(__name__)``. Nothing is shown or written before a command, or a
worker process, calls :func:`log_to_terminal` or :func:`log_to_file`.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path

from harness.errors import InputError

PACKAGES = ("harness", "baselines", "models")
"""Whose log records are kept. Other libraries' are left to them."""

TERMINAL_FORM = "intentbench: %(asctime)s %(message)s"
FILE_FORM = "%(asctime)s %(levelname)s [process %(process)d, %(name)s] %(message)s"

SHOWN = {"shown": True}
"""The ``extra`` of a record that says what the terminal shows anyway, so that it is not shown twice."""

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that steer a terminal or hide what a text says: controls, text direction, half characters."""

LOGIN = re.compile(r"(?<=://)[^/\s@]+(?=@)")
"""User and password in a URL."""

SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")
"""What the name of an environment variable contains if its value must not be written."""

SHORTEST_SECRET = 6
"""Characters; shorter values are found in harmless text."""


def printable(text: str) -> str:
    """The text with its control characters written as escapes; line ends and tabs stay.

    Names, texts and answers come from files and servers. What they hold must not move the cursor, change
    colours or rewrite a line that was printed before.
    """
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text.replace("\r\n", "\n"))


def redacted(text: str) -> str:
    """The text without logins in URLs and without the values of environment variables that are secret."""
    text = LOGIN.sub("***", text)
    for name, value in os.environ.items():
        if len(value) >= SHORTEST_SECRET and any(part in name.upper() for part in SECRET_NAMES):
            text = text.replace(value, "***")
    return text


class _Formatter(logging.Formatter):
    """Writes no secret and no control character."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(redacted(super().format(record)))


class _Terminal(logging.Handler):
    """Prints to the standard error as it is now, which progress bars replace while they are shown."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


_handlers: list[logging.Handler] = []


def log_to_terminal(level: int) -> None:
    """Print the records of a ``level`` and above from now on, except for those that are ``SHOWN`` anyway.

    A later call changes the level.
    """
    for earlier in [handler for handler in _handlers if isinstance(handler, _Terminal)]:
        _remove(earlier)
    handler = _Terminal(level)
    handler.setFormatter(_Formatter(TERMINAL_FORM, "%H:%M:%S"))
    handler.addFilter(lambda record: not getattr(record, "shown", False))
    _add(handler)


def log_to_file(path: Path | None) -> None:
    """Append to a file what happens from now on, in every detail.

    Several processes may append to one file: each record is one write. None writes nothing, and keeps
    Python from printing warnings itself: a worker leaves that to the process that started it.

    Raises:
        InputError: The file cannot be written.
    """
    if path is None:
        _add(logging.NullHandler())
        return
    if log_file() == path.absolute():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(
            f"--log-file: {path} cannot be written ({error.strerror or error}); expected a file in a folder "
            "that you may write to"
        ) from None
    handler.setFormatter(_Formatter(FILE_FORM))
    _add(handler)


def log_file() -> Path | None:
    """The file that this process logs to, or None."""
    paths = [Path(each.baseFilename) for each in _handlers if isinstance(each, logging.FileHandler)]
    return paths[0] if paths else None


def _add(handler: logging.Handler) -> None:
    _handlers.append(handler)
    for name in PACKAGES:
        package = logging.getLogger(name)
        package.addHandler(handler)
        package.setLevel(logging.DEBUG if log_file() else logging.INFO)


def _remove(handler: logging.Handler) -> None:
    _handlers.remove(handler)
    for name in PACKAGES:
        logging.getLogger(name).removeHandler(handler)
    handler.close()


def stop_logging() -> None:
    """Close the log. What happens afterwards is neither shown nor written."""
    for handler in list(_handlers):
        _remove(handler)
    for name in PACKAGES:
        logging.getLogger(name).setLevel(logging.NOTSET)
