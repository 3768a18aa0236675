"""Keeps the replies of a language model in a file, one line for each reply."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from harness.data.dataset import digest
from harness.errors import InputError
from harness.text.intents.answers import Reply

SYNC_S = 1.0
"""Seconds after which lines are forced onto the disk. A killed process loses no line, a power cut these."""


class KeptReply(NamedTuple):
    """A reply, with the tokens and the time that it took."""

    reply: Reply
    input_tokens: int
    output_tokens: int
    seconds_s: float


TAKEN = ("input_tokens", "output_tokens", "seconds_s")


class ReplyJournal:
    """All replies of one model by the key of their request. One process at a time may add to it."""

    def __init__(self, folder: Path | None, model: str) -> None:
        """Read the kept replies. Damaged lines are left out. Without a folder nothing is kept."""
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", model)[:60]
        self.path = folder / f"{name}-{digest([model.encode()])[:8]}.jsonl" if folder else None
        self.damaged = 0
        self._kept: dict[str, KeptReply] = {}
        self._file: int | None = None
        self._synced = 0.0
        self._read()

    def __len__(self) -> int:
        """Number of replies."""
        return len(self._kept)

    def get(self, key: str) -> KeptReply | None:
        """The reply to a request; None if there is none."""
        return self._kept.get(key)

    def all(self) -> Iterator[KeptReply]:
        """Every reply."""
        return iter(self._kept.values())

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Allow ``add`` inside a ``with`` block.

        Raises:
            InputError: Another process is adding, or the file cannot be written.
        """
        if self.path is None:
            raise InputError("there is no folder to keep replies in; expected a store")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), blocking=False):
                self._kept.clear()
                self._read()  # what another process added since
                self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                try:
                    self._end_last_line()
                    yield
                finally:
                    os.fsync(self._file)
                    os.close(self._file)
                    self._file = None
        except Timeout:
            raise InputError(
                f"{self.path}: another process is building with this model; wait until it has ended"
            ) from None
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror or error})") from None

    def add(self, key: str, kept: KeptReply) -> None:
        """Keep a reply. It is one write, so a killed process leaves a whole line or none."""
        assert self._file is not None, "replies are added within `adding`"
        taken = {name: getattr(kept, name) for name in TAKEN}
        line = {"key": key, **kept.reply._asdict(), **taken}
        os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._kept[key] = kept
        now = time.monotonic()
        if now - self._synced > SYNC_S:
            os.fsync(self._file)
            self._synced = now

    def _read(self) -> None:
        self.damaged = 0
        if self.path is None or not self.path.exists():
            return
        try:
            lines = self.path.read_bytes().split(b"\n")
        except OSError as error:
            raise InputError(f"{self.path}: the replies cannot be read ({error.strerror or error})") from None
        for line in filter(None, lines):
            try:
                found = json.loads(line)
                reply = Reply(found["text"], found["finish"], found["refusal"])
                self._kept[found["key"]] = KeptReply(reply, *(found[name] for name in TAKEN))
            except (ValueError, KeyError, TypeError):
                self.damaged += 1

    def _end_last_line(self) -> None:
        """End a line that a crash has cut off, so that the next line begins on its own."""
        assert self.path is not None
        assert self._file is not None
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    os.write(self._file, b"\n")
