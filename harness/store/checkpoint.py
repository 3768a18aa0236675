"""The state of a run between two epochs, on disk, so that a run whose process was killed can go on."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.store.files import replaced, writing

DIGEST_BYTES = 32
"""Length of a SHA-256 digest."""


@dataclass(frozen=True)
class Checkpoint:
    """One file: the SHA-256 digest of the state, then the state as torch saves it.

    Attributes:
        path: The file. Its folder is made at the first save.
    """

    path: Path

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the state that was saved before.

        Raises:
            StoreError: It cannot be written. The state saved before stays.
        """
        import torch  # reports read stores without it

        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        content = buffer.getvalue()
        with writing(self.path), replaced(self.path) as unfinished:
            unfinished.write_bytes(hashlib.sha256(content).digest() + content)

    def load(self) -> dict[str, Any] | None:
        """The state that was saved last; None if there is none, or if the file is damaged."""
        import torch  # reports read stores without it

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
        """Delete the state, if there is one."""
        self.path.unlink(missing_ok=True)
