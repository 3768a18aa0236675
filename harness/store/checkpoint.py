"""The state of a run between two epochs, on disk, so that a run whose process was killed can go on."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.store.files import content_of, replaced, writing

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
        """The state that was saved last, in main memory, also where it was saved on a GPU.

        None if there is none, or if it is damaged.
        """
        import torch  # reports read stores without it

        content = self._content()
        if not content:
            return None
        state: dict[str, Any] = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
        return state

    @property
    def is_damaged(self) -> bool:
        """Whether something lies in the file's place that is not what was saved."""
        return self._content() == b""

    def _content(self) -> bytes | None:
        """The state as torch saved it; None if there is none, nothing if it is damaged."""
        try:
            content = content_of(self.path)
        except FileNotFoundError:
            return None
        except OSError:
            return b""
        digest, content = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        return content if hashlib.sha256(content).digest() == digest else b""

    @property
    def of_refit(self) -> Checkpoint:
        """The checkpoint of the same run's second training, that on train and validation pairs."""
        return Checkpoint(self.path.with_name(f"{self.path.stem}-refit{self.path.suffix}"))

    def remove(self) -> None:
        """Delete the state, if there is one."""
        self.path.unlink(missing_ok=True)
