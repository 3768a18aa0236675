"""Keeps the replies of a language model in a file, one line with a checksum for each reply."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict

from harness.data.dataset import digest
from harness.errors import InputError
from harness.store.files import replaced
from harness.text.intents.answers import Reply

SYNC_S = 1.0
"""Seconds after which lines are forced onto the disk. A killed process loses no line, a power cut these."""

logger = logging.getLogger(__name__)


class KeptReply(NamedTuple):
    """A reply, with the tokens and the time that it took."""

    reply: Reply
    input_tokens: int
    output_tokens: int
    seconds_s: float


class _Line(BaseModel):
    """A line of the file. Versions before this one wrote no checksum."""

    model_config = ConfigDict(strict=True)

    key: str
    text: str
    finish: str
    refusal: bool
    input_tokens: int
    output_tokens: int
    seconds_s: float
    checksum: str | None = None

    def fields(self) -> dict[str, Any]:
        """All fields but the checksum."""
        return self.model_dump(exclude={"checksum"})

    def expected_checksum(self) -> str:
        """The checksum that fits the fields."""
        return digest([json.dumps(self.fields(), sort_keys=True).encode()])[:16]


class ReplyJournal:
    """All replies of one model by the key of their request. One process at a time may add to it."""

    def __init__(self, folder: Path | None, model: str) -> None:
        """Read the kept replies. Damaged lines are left out. Without a folder nothing is kept."""
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", model)[:60]
        self.path = folder / f"{name}-{digest([model.encode()])[:8]}.jsonl" if folder else None
        self._kept: dict[str, KeptReply] = {}
        self._damaged: list[bytes] = []
        self._file: int | None = None
        self._synced = 0.0
        self._read()
        if self._damaged:
            lines = "1 damaged line is" if self.damaged == 1 else f"{self.damaged} damaged lines are"
            message = "%s: %s left out; `intentbench intents build PLAN` makes the lost requests again."
            logger.warning(message, self.path, lines)

    def __len__(self) -> int:
        """Number of replies."""
        return len(self._kept)

    @property
    def damaged(self) -> int:
        """Number of damaged lines in the file."""
        return len(self._damaged)

    def get(self, key: str) -> KeptReply | None:
        """The reply to a request; None if there is none."""
        return self._kept.get(key)

    def all(self) -> Iterator[KeptReply]:
        """Every reply."""
        return iter(self._kept.values())

    @contextmanager
    def adding(self) -> Iterator[None]:
        """Allow ``add`` inside a ``with`` block, once damaged lines are set aside.

        Raises:
            InputError: Another process is adding, or the file cannot be written.
        """
        if self.path is None:
            raise InputError("there is no folder to keep replies in; expected a store")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), blocking=False):
                self._set_damage_aside(self.path, self._read())  # with what another process has added since
                self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                try:
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
        """Keep a reply. It is one write, so a killed process leaves a whole line or a damaged last one."""
        assert self._file is not None, "replies are added inside `adding`"
        reply, input_tokens, output_tokens, seconds_s = kept
        line = _Line(
            key=key, **reply._asdict(),
            input_tokens=input_tokens, output_tokens=output_tokens, seconds_s=seconds_s,
        )  # fmt: skip
        fields = {**line.fields(), "checksum": line.expected_checksum()}
        content = json.dumps(fields, ensure_ascii=False).encode() + b"\n"
        if os.write(self._file, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._kept[key] = kept
        now = time.monotonic()
        if now - self._synced > SYNC_S:
            os.fsync(self._file)
            self._synced = now

    def _read(self) -> list[bytes]:
        """Read the file; returns its sound lines. A last line without an end counts as damaged."""
        self._kept, self._damaged = {}, []
        try:
            content = self.path.read_bytes() if self.path is not None and self.path.exists() else b""
        except OSError as error:
            raise InputError(f"{self.path}: the replies cannot be read ({error.strerror or error})") from None
        *lines, unfinished = content.split(b"\n")
        sound = []
        for line in filter(None, lines):
            try:
                self._keep(line)
                sound.append(line)
            except ValueError:
                self._damaged.append(line)
        if unfinished:
            self._damaged.append(unfinished)
        return sound

    def _keep(self, content: bytes) -> None:
        """Read a line of the file.

        Raises:
            ValueError: It is damaged.
        """
        line = _Line.model_validate_json(content)
        if line.checksum not in (None, line.expected_checksum()):
            raise ValueError("the line does not fit its checksum")
        reply = Reply(line.text, line.finish, line.refusal)
        # Versions before this one believed counts below zero.
        tokens = max(line.input_tokens, 0), max(line.output_tokens, 0)
        self._kept[line.key] = KeptReply(reply, *tokens, line.seconds_s)

    def _set_damage_aside(self, path: Path, sound: list[bytes]) -> None:
        """Move damaged lines into a file of their own, so that their requests are made again."""
        if not self._damaged:
            return
        aside = path.with_name(f"{path.name}.damaged")
        with aside.open("ab") as file:
            file.writelines(line + b"\n" for line in self._damaged)
        with replaced(path) as unfinished:
            unfinished.write_bytes(b"".join(line + b"\n" for line in sound))
        lines = "1 damaged line was" if self.damaged == 1 else f"{self.damaged} damaged lines were"
        logger.warning("%s: %s set aside in %s.", path, lines, aside)
        self._damaged = []
