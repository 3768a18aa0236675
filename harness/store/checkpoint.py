"""A run's state between two epochs, on disk, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.store.files import replaced, writing

DIGEST_BYTES = 32


@dataclass(frozen=True)
class Checkpoint:
    """One file: SHA-256 of the rest, then the state as torch saves it.

    Attributes:
        path: The file; its folder is made at the first save.
    """

    path: Path

    def save(self, state: Mapping[str, Any]) -> None:
        """Write under a temporary name, then rename: whole or not at all.

        Raises:
            StoreError: It cannot be written; the state saved before stays.
        """
        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        content = buffer.getvalue()
        with writing(self.path), replaced(self.path) as unfinished:
            unfinished.write_bytes(hashlib.sha256(content).digest() + content)

    def load(self) -> dict[str, Any] | None:
        """The state last saved; None where there is none or the file is damaged."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        digest, content = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            return None
        state: dict[str, Any] = torch.load(io.BytesIO(content), weights_only=True)
        return state

    def remove(self) -> None:
        """Forget the state."""
        self.path.unlink(missing_ok=True)
